#pragma once

#include <atomic>
#include <cstddef>
#include <new>

namespace ascend_emulator {

// Base of small objects that one thread creates and another destroys, millions of times: freed
// blocks go onto one shared list, which a creating thread takes over as a whole (hence no ABA).
template <class T>
class Pooled {
 public:
  static void* operator new(size_t size) {
    Local& local = local_;
    if (local.head == nullptr) local.head = shared_.exchange(nullptr, std::memory_order_acquire);
    if (local.head == nullptr) return ::operator new(size);
    Block* block = local.head;
    local.head = block->next;
    return block;
  }

  static void operator delete(void* pointer) {
    auto* block = static_cast<Block*>(pointer);
    push(block, block);
  }

 private:
  struct Block {
    Block* next;
  };

  struct Local {
    Block* head = nullptr;
    ~Local() {
      if (head == nullptr) return;
      Block* last = head;
      while (last->next != nullptr) last = last->next;
      push(head, last);
      head = nullptr;
    }
  };

  static void push(Block* first, Block* last) {
    last->next = shared_.load(std::memory_order_relaxed);
    while (!shared_.compare_exchange_weak(last->next, first, std::memory_order_release,
                                          std::memory_order_relaxed)) {
    }
  }

  static inline std::atomic<Block*> shared_{nullptr};
  static inline thread_local Local local_;
};

}  // namespace ascend_emulator
