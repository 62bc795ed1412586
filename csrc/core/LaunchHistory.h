#pragma once

#include <c10/core/Allocator.h>
#include <c10/core/ScalarType.h>
#include <c10/util/ArrayRef.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "acl/acl_base.h"
#include "csrc/core/Macros.h"

namespace c10_npu {

// Shapes and dtypes of the first tensors of a call, for error messages. Plain data: it is filled
// for every operator.
class Shapes {
 public:
  static constexpr int kTensors = 4;
  static constexpr int kDims = 5;

  void add(c10::ScalarType dtype, c10::IntArrayRef sizes) noexcept {
    if (count_ < kTensors) {
      Shape& shape = shapes_[count_];
      shape.dtype = dtype;
      shape.dims = static_cast<uint8_t>(sizes.size());
      for (size_t i = 0; i < sizes.size() && i < kDims; ++i) {
        shape.sizes[i] = static_cast<int32_t>(sizes[i]);
      }
    }
    ++count_;
  }
  // "float32[2, 3], int64[4]"
  std::string text() const;

 private:
  struct Shape {
    c10::ScalarType dtype;
    uint8_t dims;
    std::array<int32_t, kDims> sizes;
  };
  uint8_t count_ = 0;
  std::array<Shape, kTensors> shapes_;
};

// The Python stack of the call, if TORCH_NPU_LAUNCH_STACKS=1 asks for them.
using LaunchStack = std::shared_ptr<c10::GatheredContext>;
bool records_stacks();
LaunchStack gather_stack();

struct RememberedLaunch {
  const char* name;  // with static storage
  aclrtStream stream;
  Shapes shapes;
  LaunchStack stack;
};
// Remembers what this thread has just handed to CANN, because an error of the device comes later.
void remember_launch(c10::DeviceIndex device, RememberedLaunch launch) noexcept;

// Has CANN tell of tasks that fail, from now on.
void watch_for_failures();
// After a restart of the device, whose earlier failures are over.
void forget_failures(c10::DeviceIndex device);

// For the message of a device error: the launches whose tasks failed and the last ones. Where CANN
// did not tell of a task, the launches that its text may mean. "" if nothing was launched on the
// device.
std::string describe_last_launches(c10::DeviceIndex device, std::string_view cann_text);

}  // namespace c10_npu
