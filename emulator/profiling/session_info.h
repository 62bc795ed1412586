#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emulator/profiling/result_directory.h"

// The texts of the small files that describe a session.
namespace ascend_emulator {
inline namespace profiling {

std::string start_info(const ClockSample& clocks);                             // JSON
std::string end_info(const ClockSample& clocks);                               // JSON
std::string start_log(const std::string& section, const ClockSample& clocks);  // INI
std::string info_json(const std::vector<int>& devices);                        // host, device
std::string sample_json(const std::vector<int>& devices, uint64_t mask);

}  // namespace profiling
}  // namespace ascend_emulator
