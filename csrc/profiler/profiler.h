#pragma once

#include <cstdint>
#include <string>

#include "csrc/profiler/config.h"

// One profiling session at a time: init, [warmup], start, stop, finalize. Out of order calls raise.
namespace torch_npu::profiler {

// Opens a session that writes below `path` (which exists and contains FRAMEWORK).
void init_profiler(const std::string& path, const Activities& activities);

// Prepares the device, records nothing.
void warmup_profiler(const Config& config);

void start_profiler(const Config& config);

// Waits for the device and writes everything. Returns the number of host events that were lost
// because the disk did not keep up.
uint64_t stop_profiler();

// Closes the session; stops it if need be. Without a session: nothing.
void finalize_profiler();

}  // namespace torch_npu::profiler
