#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace ascend_emulator {
inline namespace profiling {

// CANN's hash id of a text: two polynomial hashes, one in each half.
constexpr uint64_t hash_id(std::string_view text) {
  uint32_t low = 0;
  uint32_t high = 0;
  for (const char character : text) {
    low = low * 131 + static_cast<unsigned char>(character);
    high = high * 29 + static_cast<unsigned char>(character);
  }
  return uint64_t{high} << 32 | low;
}

// Hands out hash ids and tells `on_new` once about each text, so that it lands in the dictionary
// file. Static strings are recognised by address, which spares hashing them again.
class HashDictionary {
 public:
  using OnNew = std::function<void(uint64_t id, std::string_view text)>;
  explicit HashDictionary(OnNew on_new) : on_new_(std::move(on_new)) {}

  uint64_t id_of_static(const char* text) {
    const auto [entry, added] = by_address_.try_emplace(text, 0);
    if (added) entry->second = id_of(text);
    return entry->second;
  }

  uint64_t id_of(std::string_view text) {
    const uint64_t id = hash_id(text);
    if (known_.insert(id).second) on_new_(id, text);
    return id;
  }

 private:
  OnNew on_new_;
  std::unordered_map<const char*, uint64_t> by_address_;
  std::unordered_set<uint64_t> known_;
};

}  // namespace profiling
}  // namespace ascend_emulator
