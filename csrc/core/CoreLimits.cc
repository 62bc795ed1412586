#include "csrc/core/CoreLimits.h"

#include "acl/acl.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUGuard.h"
#include "csrc/core/NPUProperties.h"

namespace c10_npu {
namespace {

std::atomic<uint32_t> version{0};

void check(const CoreLimits& limits, c10::DeviceIndex device) {
  const NPUProperties& properties = get_device_properties(device);
  const auto most_cube = static_cast<uint32_t>(properties.cube_core_num);
  const auto most_vector = static_cast<uint32_t>(properties.vector_core_num);
  TORCH_CHECK_VALUE(limits.cube <= most_cube && limits.vector <= most_vector,
                    "npu:", static_cast<int>(device), " has ", most_cube, " cube cores and ",
                    most_vector, " vector cores; a limit of ", limits.cube, " and ", limits.vector,
                    " is more than that");
}

// `set` is called with the type and the value of each limit that is given.
template <class Set>
void set_given(const CoreLimits& limits, Set&& set) {
  if (limits.cube != 0) set(ACL_RT_DEV_RES_CUBE_CORE, limits.cube);
  if (limits.vector != 0) set(ACL_RT_DEV_RES_VECTOR_CORE, limits.vector);
  ++version;
}

}  // namespace

namespace detail {

std::atomic<bool> streams_have_limits{false};

void use_limits_of(aclrtStream stream) { NPU_CHECK(aclrtUseStreamResInCurrentThread(stream)); }

}  // namespace detail

CoreLimits device_core_limits(c10::DeviceIndex device) {
  const NPUGuard guard(device);
  CoreLimits limits{};
  NPU_CHECK(aclrtGetDeviceResLimit(device, ACL_RT_DEV_RES_CUBE_CORE, &limits.cube));
  NPU_CHECK(aclrtGetDeviceResLimit(device, ACL_RT_DEV_RES_VECTOR_CORE, &limits.vector));
  return limits;
}

void set_device_core_limits(c10::DeviceIndex device, const CoreLimits& limits) {
  check(limits, device);
  const NPUGuard guard(device);
  set_given(limits, [device](aclrtDevResLimitType type, uint32_t value) {
    NPU_CHECK(aclrtSetDeviceResLimit(device, type, value));
  });
}

CoreLimits stream_core_limits(const NPUStream& stream) {
  const NPUGuard guard(stream.device_index());
  CoreLimits limits{};
  NPU_CHECK(aclrtGetStreamResLimit(stream.handle(), ACL_RT_DEV_RES_CUBE_CORE, &limits.cube));
  NPU_CHECK(aclrtGetStreamResLimit(stream.handle(), ACL_RT_DEV_RES_VECTOR_CORE, &limits.vector));
  return limits;
}

// What waits in the queue was called before.
void set_stream_core_limits(const NPUStream& stream, const CoreLimits& limits) {
  check(limits, stream.device_index());
  const NPUGuard guard(stream.device_index());
  set_given(limits, [handle = stream.stream()](aclrtDevResLimitType type, uint32_t value) {
    NPU_CHECK(aclrtSetStreamResLimit(handle, type, value));
  });
  detail::streams_have_limits = true;
}

void reset_stream_core_limits(const NPUStream& stream) {
  const NPUGuard guard(stream.device_index());
  NPU_CHECK(aclrtResetStreamResLimit(stream.stream()));
  ++version;
}

uint32_t core_limits_version() noexcept { return version.load(std::memory_order_relaxed); }

}  // namespace c10_npu
