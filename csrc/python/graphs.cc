// torch_npu._C: private memory pools and graphs. The graphs themselves reach csrc/core through
// torch.accelerator's interface.
#include <c10/core/CachingDeviceAllocator.h>

#include <thread>

#include "csrc/core/Capture.h"
#include "csrc/core/NPUCachingAllocator.h"
#include "csrc/core/NPUExternalEvent.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUGraph.h"
#include "csrc/core/NPUStream.h"
#include "csrc/python/bindings.h"

namespace {

namespace allocator = c10_npu::NPUCachingAllocator;

using Release = py::call_guard<py::gil_scoped_release>;

c10_npu::NPUStream npu_stream(c10::StreamId id, c10::DeviceIndex device) {
  return c10_npu::NPUStream(
      c10::Stream(c10::Stream::UNSAFE, c10::Device(c10_npu::kNPU, device), id));
}

void bind_pools(py::module_& module) {
  module.def("_new_pool_id", &allocator::newPoolId);
  module.def("_release_pool", &allocator::releasePool);
  module.def("_pool_use_count", &allocator::getPoolUseCount);
  module.def("_begin_allocate_thread_to_pool", [](c10::DeviceIndex device, c10::MempoolId_t pool) {
    allocator::beginAllocateToPool(device, pool,
                                   [thread = std::this_thread::get_id()](const c10::Stream&) {
                                     return thread == std::this_thread::get_id();
                                   });
  });
  module.def("_end_allocate_to_pool", &allocator::endAllocateToPool);
}

void bind_captures(py::module_& module) {
  module.def("_is_captured", [](c10::StreamId id, c10::DeviceIndex device) {
    return c10_npu::is_captured(npu_stream(id, device));
  });
  module.def("_capture_underway", [](c10::DeviceIndex device) {
    c10_npu::check_device_index(device);
    return c10_npu::capture_underway(device);
  });
  module.def("_task_group_begin", [](c10::StreamId id, c10::DeviceIndex device) {
    c10_npu::task_group_begin(npu_stream(id, device));
  });
  module.def("_task_group_end", [](c10::StreamId id, c10::DeviceIndex device) {
    return reinterpret_cast<uintptr_t>(c10_npu::task_group_end(npu_stream(id, device)));
  });
  module.def("_task_update_begin", [](c10::StreamId id, c10::DeviceIndex device, uintptr_t group) {
    c10_npu::task_update_begin(npu_stream(id, device), reinterpret_cast<void*>(group));
  });
  module.def("_task_update_end", [](c10::StreamId id, c10::DeviceIndex device) {
    c10_npu::task_update_end(npu_stream(id, device));
  });
}

void bind_external_events(py::module_& module) {
  using c10_npu::NPUExternalEvent;
  const auto on_stream = [](void (NPUExternalEvent::*call)(const c10_npu::NPUStream&)) {
    return [call](NPUExternalEvent& event, c10::StreamId id, c10::DeviceIndex device) {
      (event.*call)(npu_stream(id, device));
    };
  };
  py::class_<NPUExternalEvent>(module, "_ExternalEvent")
      .def(py::init<>())
      .def("_record", on_stream(&NPUExternalEvent::record), Release())
      .def("_wait", on_stream(&NPUExternalEvent::wait), Release())
      .def("_reset", on_stream(&NPUExternalEvent::reset), Release());
}

}  // namespace

void init_graphs(py::module_& module) {
  bind_pools(module);
  bind_captures(module);
  bind_external_events(module);
}
