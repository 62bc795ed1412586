#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace c10_npu::env {

// A row of env.inc.
struct Variable {
  const char* name;
  const char* type;
  const char* default_value;
  const char* meaning;
};

std::span<const Variable> variables();

// The value of a variable of env.inc: 0 or 1 for a flag. Reads the environment, so callers keep
// the result. A value that the type does not allow raises and says what is allowed.
bool flag(const char* name);
// A whole number from `lowest` to `highest`; nothing if the variable is not set.
std::optional<int32_t> integer(const char* name, int32_t lowest, int32_t highest = INT32_MAX);
// Empty if the variable is not set.
const char* text(const char* name);

// Raises for the first flag whose value is neither, before any work has begun.
void check_flags();

// Whether ASCEND_LAUNCH_BLOCKING=1: launches then synchronize their stream.
bool launch_blocking();

}  // namespace c10_npu::env
