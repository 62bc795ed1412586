// The runtime's data structures against simple models of them.

#include <map>
#include <random>
#include <thread>
#include <vector>

#include "emulator/runtime/block_index.h"
#include "emulator/runtime/extents.h"
#include "emulator/runtime/progress.h"
#include "emulator/runtime/ring.h"
#include "tests/emulator/runtime/check.h"

namespace ascend_emulator {
namespace {

constexpr size_t kCapacity = size_t{1} << 32;

// Random blocks come and go; every byte's block must be the one that a map of the blocks gives.
void allocations_match_a_map() {
  std::mt19937_64 random(1);
  Extents extents(kCapacity);
  BlockIndex index(kCapacity);
  std::map<size_t, size_t> live;
  for (int step = 0; step < 20'000; ++step) {
    if (random() % 3 != 0 || live.empty()) {
      const size_t size = (random() % 5 == 0 ? random() % (8 << 20) : random() % 4096) + 1;
      size_t offset;
      if (!extents.take((size + kGranule - 1) / kGranule * kGranule, &offset)) continue;
      CHECK(live.emplace(offset, size).second);
      index.insert({offset, size});
    } else {
      auto victim = live.lower_bound(random() % kCapacity);
      if (victim == live.end()) victim = live.begin();
      index.remove(victim->first);
      extents.give(victim->first, (victim->second + kGranule - 1) / kGranule * kGranule);
      live.erase(victim);
    }
    const size_t probe = live.empty() ? 0 : std::prev(live.end())->first + random() % 8192;
    for (const size_t byte : {probe % kCapacity, random() % kCapacity}) {
      auto above = live.upper_bound(byte);
      const bool inside =
          above != live.begin() && byte - std::prev(above)->first < std::prev(above)->second;
      Block block;
      CHECK(index.find(byte, &block) == inside);
      if (inside) CHECK(block.offset == std::prev(above)->first);
    }
  }
  for (const auto& [offset, size] : live) {
    extents.give(offset, (size + kGranule - 1) / kGranule * kGranule);
  }
  CHECK(extents.largest() == kCapacity);
}

// Looking up a live block is right while other threads change its neighbours.
void lookups_hold_while_neighbours_change() {
  BlockIndex index(kCapacity);
  constexpr size_t kMine = 5000 * kGranule;
  constexpr size_t kSize = 100'000 * kGranule;
  index.insert({kMine, kSize});
  std::atomic<bool> stop{false};
  std::jthread neighbour([&] {
    while (!stop.load()) {
      for (size_t offset : {size_t{0}, kMine - kGranule, kMine + kSize, kCapacity / 2}) {
        index.insert({offset, kGranule});
      }
      for (size_t offset : {size_t{0}, kMine - kGranule, kMine + kSize, kCapacity / 2}) {
        index.remove(offset);
      }
    }
  });
  std::mt19937_64 random(2);
  for (int step = 0; step < 1'000'000; ++step) {
    Block block;
    CHECK(index.find(kMine + random() % kSize, &block));
    CHECK(block.offset == kMine && block.size == kSize);
  }
  stop = true;
}

// Every item arrives once, and those of one producer in their order.
void ring_delivers_everything_in_order() {
  constexpr int kProducers = 4;
  constexpr uint32_t kItems = 50'000;
  Ring<uint64_t, 64> ring;
  std::vector<std::jthread> producers;
  for (uint64_t producer = 0; producer < kProducers; ++producer) {
    producers.emplace_back([&ring, producer] {
      for (uint64_t item = 0; item < kItems; ++item) ring.push(producer << 32 | item);
    });
  }
  uint32_t next[kProducers] = {};
  for (uint32_t count = 0; count < kProducers * kItems; ++count) {
    const uint64_t item = ring.pop();
    CHECK(static_cast<uint32_t>(item) == next[item >> 32]++);
  }
  CHECK(ring.pushed() == kProducers * kItems);
  CHECK(!ring.ready());
}

// Many waiters for many values: each is woken, none too early.
void progress_wakes_each_waiter() {
  Progress progress;
  std::vector<std::jthread> waiters;
  std::atomic<uint64_t> announced{0};
  for (uint64_t value : {1, 5, 5, 100, 1000, 20'000}) {
    waiters.emplace_back([&progress, &announced, value] {
      CHECK(progress.wait(value, Deadline::after(60'000)));
      CHECK(announced.load() >= value);
    });
  }
  for (uint64_t value = 1; value <= 20'000; ++value) {
    announced.store(value);
    progress.advance_to(value);
  }
  waiters.clear();
  CHECK(!progress.wait(20'001, Deadline::after(20)));
}

}  // namespace
}  // namespace ascend_emulator

int main() {
  ascend_emulator::allocations_match_a_map();
  ascend_emulator::lookups_hold_while_neighbours_change();
  ascend_emulator::ring_delivers_everything_in_order();
  ascend_emulator::progress_wakes_each_waiter();
}
