#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <new>
#include <utility>

namespace ascend_emulator {

// Holds the objects behind opaque handles (streams, events, contexts) in one array that never
// moves, so that any pointer a client passes in can be checked without a lock: an object's address
// is its handle. Slots are reused oldest first, so a stale handle stays invalid for long.
// T has a member `std::atomic<bool> live`, false once the client has destroyed it.
template <typename T, size_t kCapacity>
class HandleTable {
 public:
  // Null if all handles are in use.
  template <typename... Args>
  T* create(Args&&... args) {
    T* slot = take_slot();
    if (slot == nullptr) return nullptr;
    T* object = new (slot) T(std::forward<Args>(args)...);
    object->live.store(true, std::memory_order_release);
    return object;
  }

  // Null unless `handle` is an object that create() returned and that is still live.
  T* find(const void* handle) const {
    const uintptr_t offset =
        reinterpret_cast<uintptr_t>(handle) - reinterpret_cast<uintptr_t>(base_);
    if (offset >= kCapacity * sizeof(T) || offset % sizeof(T) != 0) return nullptr;
    T* object = base_ + offset / sizeof(T);
    return object->live.load(std::memory_order_acquire) ? object : nullptr;
  }

  // Gives the slot of a dead object back once nobody uses it any more.
  void recycle(T* object) {
    object->~T();
    std::lock_guard lock(mutex_);
    free_.push_back(object);
  }

  // Visits every object that was live when its turn came.
  template <typename Visitor>
  void for_each(Visitor&& visit) {
    const size_t used = used_.load(std::memory_order_acquire);
    for (size_t i = 0; i < used; ++i) {
      if (base_[i].live.load(std::memory_order_acquire)) visit(base_[i]);
    }
  }

 private:
  static constexpr size_t kQuarantine = 256;  // dead slots to keep before the oldest is reused

  static T* reserve() {
    void* pages = mmap(nullptr, kCapacity * sizeof(T), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED) throw std::bad_alloc();
    return static_cast<T*>(pages);
  }

  T* take_slot() {
    std::lock_guard lock(mutex_);
    const size_t used = used_.load(std::memory_order_relaxed);
    const bool fresh = used < kCapacity && free_.size() < kQuarantine;
    if (fresh) {
      used_.store(used + 1, std::memory_order_release);
      return base_ + used;
    }
    if (free_.empty()) return nullptr;
    T* slot = free_.front();
    free_.pop_front();
    return slot;
  }

  T* const base_ = reserve();
  std::mutex mutex_;
  std::deque<T*> free_;
  std::atomic<size_t> used_{0};
};

}  // namespace ascend_emulator
