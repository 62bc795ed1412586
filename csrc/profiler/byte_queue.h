#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace torch_npu::profiler {

// Bytes from one thread to another, in whole records. Chunks are allocated as needed up to a bound;
// beyond it (the disk does not keep up) records are dropped and counted instead of filling memory.
class ByteQueue {
 public:
  static constexpr size_t kChunkBytes = 64 * 1024;

  ByteQueue() = default;
  ByteQueue(const ByteQueue&) = delete;
  ByteQueue& operator=(const ByteQueue&) = delete;

  ~ByteQueue() {
    while (head_ != nullptr) delete std::exchange(head_, head_->next.load());
  }

  // Space for one record, or nullptr if it is dropped. Followed by commit().
  std::byte* reserve(size_t size) {
    if (tail_ == nullptr || fill_ + size > kChunkBytes) {
      if (size > kChunkBytes || !append_chunk()) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return nullptr;
      }
    }
    return tail_->bytes.data() + fill_;
  }

  void commit(size_t size) {
    fill_ += size;
    tail_->published.store(fill_, std::memory_order_release);
  }

  // Hands every published byte to `consume(std::span<const std::byte>)`.
  template <class Consume>
  void drain(Consume consume) {
    if (head_ == nullptr) head_ = first_.load(std::memory_order_acquire);
    while (head_ != nullptr) {
      // `next` is read first: once it is set, `published` is final.
      Chunk* next = head_->next.load(std::memory_order_acquire);
      const size_t published = head_->published.load(std::memory_order_acquire);
      if (taken_ < published) {
        consume(std::span<const std::byte>(head_->bytes.data() + taken_, published - taken_));
        taken_ = published;
      }
      if (next == nullptr) return;
      delete std::exchange(head_, next);
      chunks_.fetch_sub(1, std::memory_order_relaxed);
      taken_ = 0;
    }
  }

  // Records dropped since the last call.
  uint64_t take_dropped() { return dropped_.exchange(0, std::memory_order_relaxed); }

 private:
  static constexpr size_t kMaxChunks = 512;  // 32 MiB per thread
  struct Chunk {
    std::array<std::byte, kChunkBytes> bytes;
    std::atomic<size_t> published{0};
    std::atomic<Chunk*> next{nullptr};
  };

  bool append_chunk() {
    if (chunks_.load(std::memory_order_relaxed) >= kMaxChunks) return false;
    chunks_.fetch_add(1, std::memory_order_relaxed);
    auto* chunk = new Chunk;
    if (tail_ == nullptr) {
      first_.store(chunk, std::memory_order_release);
    } else {
      tail_->next.store(chunk, std::memory_order_release);
    }
    tail_ = chunk;
    fill_ = 0;
    return true;
  }

  std::atomic<Chunk*> first_{nullptr};  // hands the first chunk over; not read afterwards
  std::atomic<size_t> chunks_{0};
  std::atomic<uint64_t> dropped_{0};
  Chunk* tail_ = nullptr;  // producer's
  size_t fill_ = 0;
  Chunk* head_ = nullptr;  // consumer's
  size_t taken_ = 0;
};

}  // namespace torch_npu::profiler
