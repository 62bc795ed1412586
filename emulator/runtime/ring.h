#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "emulator/runtime/futex.h"

namespace ascend_emulator {

// Bounded queue of many producers and one consumer. A producer draws a ticket and owns the slot of
// that ticket, so producers never retry, and order is the order of the tickets. A slot's turn is 2n
// when it is free for round n, and 2n + 1 when it was filled in round n.
template <typename T, size_t kSlots>
class Ring {
  static_assert((kSlots & (kSlots - 1)) == 0 && kSlots >= 4, "a power of two");

 public:
  // Waits while the ring is full. Returns how many items were pushed up to and including this one.
  uint64_t push(T item) {
    const uint64_t ticket = tail_.fetch_add(1, std::memory_order_relaxed);
    Slot& slot = slots_[ticket % kSlots];
    const uint32_t free_turn = turn_of(ticket);
    if (slot.turn.load(std::memory_order_acquire) != free_turn) await_free(slot, free_turn);
    slot.item = std::move(item);
    slot.turn.store(free_turn + 1, std::memory_order_seq_cst);
    if (consumer_asleep_.load(std::memory_order_seq_cst)) futex_wake_all(slot.turn);
    return ticket + 1;
  }

  // Waits while the ring is empty.
  T pop() {
    Slot& slot = slots_[head_ % kSlots];
    const uint32_t filled_turn = turn_of(head_) + 1;
    if (slot.turn.load(std::memory_order_acquire) != filled_turn) await_filled(slot, filled_turn);
    T item = std::move(slot.item);
    slot.turn.store(filled_turn + 1, std::memory_order_seq_cst);
    ++head_;
    // A sleeping producer means a full ring: waking it once per quarter costs it nothing and saves
    // a switch of threads for each item.
    if (head_ % (kSlots / 4) == 0 && producers_asleep_.load(std::memory_order_seq_cst) != 0) {
      drained_.fetch_add(1, std::memory_order_seq_cst);
      futex_wake_all(drained_);
    }
    return item;
  }

  // For the consumer: whether pop() would return at once.
  bool ready() const {
    return slots_[head_ % kSlots].turn.load(std::memory_order_relaxed) == turn_of(head_) + 1;
  }

  uint64_t pushed() const { return tail_.load(std::memory_order_acquire); }

 private:
  struct Slot {
    std::atomic<uint32_t> turn{0};
    T item{};
  };

  static uint32_t turn_of(uint64_t ticket) { return static_cast<uint32_t>(ticket / kSlots * 2); }

  void await_filled(Slot& slot, uint32_t filled_turn) {
    consumer_asleep_.store(true, std::memory_order_seq_cst);
    for (uint32_t turn; (turn = slot.turn.load(std::memory_order_seq_cst)) != filled_turn;) {
      futex_wait(slot.turn, turn);
    }
    consumer_asleep_.store(false, std::memory_order_relaxed);
  }

  void await_free(Slot& slot, uint32_t free_turn) {
    producers_asleep_.fetch_add(1, std::memory_order_seq_cst);
    while (true) {
      const uint32_t drained = drained_.load(std::memory_order_seq_cst);
      if (slot.turn.load(std::memory_order_seq_cst) == free_turn) break;
      futex_wait(drained_, drained);
    }
    producers_asleep_.fetch_sub(1, std::memory_order_relaxed);
  }

  alignas(64) std::atomic<uint64_t> tail_{0};
  alignas(64) uint64_t head_ = 0;
  alignas(64) std::atomic<bool> consumer_asleep_{false};
  std::atomic<uint32_t> producers_asleep_{0};
  std::atomic<uint32_t> drained_{0};
  std::array<Slot, kSlots> slots_;
};

}  // namespace ascend_emulator
