#pragma once

#include <chrono>
#include <string>

namespace ascend_emulator {

// Hands file descriptors of this process to others of the same user: see peer.h. The server thread
// starts with the first offer.
std::string offer_descriptor(int fd);
void withdraw_offer(const std::string& name);
int fetch_descriptor(const std::string& name, std::chrono::milliseconds timeout);

}  // namespace ascend_emulator
