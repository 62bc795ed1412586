#include "csrc/core/Env.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace c10_npu::env {
namespace {

constexpr Variable kVariables[] = {
#define ENV(name, type, default_value, meaning) {#name, #type, default_value, meaning},
#include "csrc/core/env.inc"
#undef ENV
};

const Variable& row(std::string_view name) {
  const auto found = std::ranges::find_if(
      kVariables, [&](const Variable& variable) { return variable.name == name; });
  TORCH_INTERNAL_ASSERT(found != std::end(kVariables), name, " is not in csrc/core/env.inc");
  return *found;
}

}  // namespace

std::span<const Variable> variables() { return kVariables; }

bool flag(const char* name) {
  const Variable& variable = row(name);
  const char* value = std::getenv(name);
  const std::string_view text = value == nullptr || *value == '\0' ? variable.default_value : value;
  TORCH_CHECK_VALUE(text == "0" || text == "1", "the environment variable ", name,
                    " must be 0 or 1 (", variable.meaning, "), got '", text, "'");
  return text == "1";
}

void check_flags() {
  for (const Variable& variable : kVariables) {
    if (std::string_view(variable.type) == "flag") flag(variable.name);
  }
}

std::optional<int32_t> integer(const char* name, int32_t lowest, int32_t highest) {
  const Variable& variable = row(name);
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  const std::string_view text = value;
  int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  TORCH_CHECK_VALUE(error == std::errc() && end == text.data() + text.size() && number >= lowest &&
                        number <= highest,
                    "the environment variable ", name, " must be a whole number from ", lowest,
                    highest == INT32_MAX ? " on" : c10::str(" to ", highest), " (",
                    variable.meaning, "), got '", text, "'");
  return number;
}

const char* text(const char* name) {
  const Variable& variable = row(name);
  const char* value = std::getenv(name);
  return value == nullptr ? variable.default_value : value;
}

bool launch_blocking() {
  static const bool blocking = flag("ASCEND_LAUNCH_BLOCKING");
  return blocking;
}

}  // namespace c10_npu::env
