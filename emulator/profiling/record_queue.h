#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <utility>

namespace ascend_emulator {
inline namespace profiling {

// One thread pushes, another drains. Chunks are allocated as needed, so a push never waits and no
// record is lost; the collector's period bounds how many are alive.
template <class T>
class RecordQueue {
 public:
  RecordQueue() = default;
  RecordQueue(const RecordQueue&) = delete;
  RecordQueue& operator=(const RecordQueue&) = delete;

  ~RecordQueue() {
    while (head_ != nullptr) delete std::exchange(head_, head_->next.load());
  }

  void push(T record) {
    if (tail_ == nullptr || fill_ == kChunk) append_chunk();
    tail_->records[fill_] = std::move(record);
    tail_->published.store(++fill_, std::memory_order_release);
  }

  template <class Consume>
  void drain(Consume consume) {
    if (head_ == nullptr) head_ = first_.load(std::memory_order_acquire);
    while (head_ != nullptr) {
      const size_t published = head_->published.load(std::memory_order_acquire);
      while (taken_ < published) consume(head_->records[taken_++]);
      Chunk* next = head_->next.load(std::memory_order_acquire);
      if (taken_ < kChunk || next == nullptr) return;
      delete std::exchange(head_, next);
      taken_ = 0;
    }
  }

 private:
  static constexpr size_t kChunk = 512;
  struct Chunk {
    std::array<T, kChunk> records;
    std::atomic<size_t> published{0};
    std::atomic<Chunk*> next{nullptr};
  };

  void append_chunk() {
    auto* chunk = new Chunk;
    if (tail_ == nullptr) {
      first_.store(chunk, std::memory_order_release);
    } else {
      tail_->next.store(chunk, std::memory_order_release);
    }
    tail_ = chunk;
    fill_ = 0;
  }

  std::atomic<Chunk*> first_{nullptr};  // hands the first chunk over; not read afterwards
  Chunk* tail_ = nullptr;               // producer's
  size_t fill_ = 0;
  Chunk* head_ = nullptr;  // consumer's
  size_t taken_ = 0;
};

}  // namespace profiling
}  // namespace ascend_emulator
