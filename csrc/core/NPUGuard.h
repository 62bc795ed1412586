#pragma once

#include <c10/core/impl/InlineDeviceGuard.h>
#include <c10/core/impl/InlineStreamGuard.h>

#include "csrc/core/NPUGuardImpl.h"
#include "csrc/core/NPUStream.h"

namespace c10_npu {

// Sets the current device for a scope, with the calls resolved at compile time.
using NPUGuard = c10::impl::InlineDeviceGuard<NPUGuardImpl>;
using OptionalNPUGuard = c10::impl::InlineOptionalDeviceGuard<NPUGuardImpl>;

// Sets the current device and its current stream for a scope.
using NPUStreamGuard = c10::impl::InlineStreamGuard<NPUGuardImpl>;
using OptionalNPUStreamGuard = c10::impl::InlineOptionalStreamGuard<NPUGuardImpl>;

}  // namespace c10_npu
