#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace ascend_emulator {

// Hands file descriptors of this process to others of the same user: see peer.h. The server thread
// starts with the first offer.
std::string offer_descriptor(int fd);

// The same for chosen processes: none at first.
std::string offer_descriptor_to_admitted(int fd);
bool admit_to_offer(const std::string& name, const int32_t* pids, size_t count);  // false: no offer

// An offer as one number, for interfaces that have no room for its name.
uint64_t number_of_offer(const std::string& name);
int fetch_descriptor(uint64_t number_of_offer, std::chrono::milliseconds timeout);

void withdraw_offer(const std::string& name);
int fetch_descriptor(const std::string& name, std::chrono::milliseconds timeout);

}  // namespace ascend_emulator
