#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "csrc/core/NPUStream.h"

namespace torch_npu::profiler {

// Whether the profiler runs with mstx. Otherwise the functions below do nothing.
extern std::atomic<bool> marks_recorded;

// With a stream, the device tells when it gets there, too: in order with the operators.
using Stream = std::optional<c10_npu::NPUStream>;

void mark(const std::string& message, const Stream& stream, const std::string& domain);
// A number to end the range with, 0 if nothing is recorded.
uint64_t range_start(const std::string& message, const Stream& stream, const std::string& domain);
void range_end(uint64_t range, const std::string& domain);

}  // namespace torch_npu::profiler
