// torch_npu._C: devices, random numbers, errors. Streams and events need little here:
// torch.Stream and torch.Event reach csrc/core through the device guard.
#include <ATen/core/Generator.h>
#include <torch/csrc/Generator.h>

#include "csrc/core/CannLibrary.h"
#include "csrc/core/CoreLimits.h"
#include "csrc/core/Determinism.h"
#include "csrc/core/Env.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUEvent.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUGenerator.h"
#include "csrc/core/NPUGuard.h"
#include "csrc/core/NPUGuardImpl.h"
#include "csrc/core/NPUProperties.h"
#include "csrc/core/NPUStream.h"
#include "csrc/core/SyncDebug.h"
#include "csrc/core/TaskQueue.h"
#include "csrc/python/bindings.h"

namespace {

void bind_devices(py::module_& module) {
  module.def(
      "_set_cann_source",
      [](std::string home, std::string notice, std::string missing) {
        c10_npu::set_cann_source({std::move(home), std::move(notice), std::move(missing)});
      },
      py::kw_only(), py::arg("home"), py::arg("notice"), py::arg("missing"));
  module.def("_device_count", &c10_npu::device_count);
  module.def("_device_count_ensure_non_zero", &c10_npu::device_count_ensure_non_zero);
  module.def("_lazy_init", &c10_npu::lazy_init, Release());
  module.def("_is_initialized", &c10_npu::is_initialized);
  module.def("_is_in_bad_fork", &c10_npu::is_in_bad_fork);
  module.def("_current_device", &c10_npu::current_device);
  module.def("_set_device", &c10_npu::set_device, Release());
  module.def("_exchange_device", &c10_npu::exchange_device, Release());
  module.def("_maybe_exchange_device", &c10_npu::maybe_exchange_device, Release());
  module.def("_stop_device", &c10_npu::stop_device, Release());
  module.def("_restart_device", &c10_npu::restart_device, Release());
  module.def("_synchronize", &c10_npu::device_synchronize, Release());
  module.def("_set_op_timeout", &c10_npu::set_op_timeout, Release());
}

void bind_modes(py::module_& module) {
  using c10_npu::Determinism;
  using c10_npu::SyncDebugMode;
  module.def("_set_sync_debug_mode",
             [](int mode) { c10_npu::set_sync_debug_mode(static_cast<SyncDebugMode>(mode)); });
  module.def("_get_sync_debug_mode", [] { return static_cast<int>(c10_npu::sync_debug_mode()); });
  module.def(
      "_set_determinism",
      [](int level) { c10_npu::set_determinism(static_cast<Determinism>(level)); }, Release());
  module.def("_get_determinism", [] { return static_cast<int>(c10_npu::determinism()); });
}

void bind_streams(py::module_& module) {
  module.def("_external_stream_id", [](uintptr_t handle, c10::DeviceIndex device) {
    return c10_npu::getStreamFromExternal(reinterpret_cast<aclrtStream>(handle), device).id();
  });
  module.def("_sync_launch_stream_id", [](bool high_priority, c10::DeviceIndex device) {
    return c10_npu::getSyncLaunchStreamFromPool(high_priority, device).id();
  });
  module.def("_stream_priority", [](c10::StreamId id, c10::DeviceIndex device) {
    return stream_of(id, device).priority();
  });
  const auto event_of = [](uintptr_t id) -> c10_npu::event::Event& {
    return *reinterpret_cast<c10_npu::event::Event*>(id);
  };
  module.def("_event_recorded_time", [=](uintptr_t event, c10::DeviceIndex device) {
    const c10_npu::NPUGuard guard(device);
    return c10_npu::event::recorded_time(event_of(event));
  });
  module.def("_event_elapsed_time", [=](uintptr_t start, uintptr_t end, c10::DeviceIndex device) {
    const c10_npu::NPUGuard guard(device);
    return c10_npu::event::elapsed_time(event_of(start), event_of(end));
  });
  module.def("_adopt_interprocess_event", [](c10::DeviceIndex device) {
    c10_npu::event::adopt(c10_npu::event::create(device, c10_npu::event::Kind::kInterprocess));
  });
  module.def("_adopt_opened_event", [](c10::DeviceIndex device, const std::string& handle) {
    c10_npu::event::adopt(c10_npu::event::open(device, handle));
  });
  module.def("_event_ipc_handle", [=](uintptr_t event) {
    return py::bytes(c10_npu::event::ipc_handle(event_of(event)));
  });
  module.def("_event_handle", [=](uintptr_t event) {
    return reinterpret_cast<uintptr_t>(c10_npu::event::handle(event_of(event)));
  });
  module.def("_task_queue_level", &c10_npu::task_queue_level);
}

void bind_core_limits(py::module_& module) {
  using c10_npu::CoreLimits;
  const auto pair = [](const CoreLimits& limits) {
    return std::make_pair(limits.cube, limits.vector);
  };
  module.def("_device_core_limits",
             [=](c10::DeviceIndex device) { return pair(c10_npu::device_core_limits(device)); });
  module.def("_set_device_core_limits",
             [](c10::DeviceIndex device, uint32_t cube, uint32_t vector) {
               c10_npu::set_device_core_limits(device, {cube, vector});
             });
  module.def("_stream_core_limits", [=](c10::StreamId id, c10::DeviceIndex device) {
    return pair(c10_npu::stream_core_limits(stream_of(id, device)));
  });
  module.def(
      "_set_stream_core_limits",
      [](c10::StreamId id, c10::DeviceIndex device, uint32_t cube, uint32_t vector) {
        c10_npu::set_stream_core_limits(stream_of(id, device), {cube, vector});
      },
      Release());
  module.def(
      "_reset_stream_core_limits",
      [](c10::StreamId id, c10::DeviceIndex device) {
        c10_npu::reset_stream_core_limits(stream_of(id, device));
      },
      Release());
}

void bind_properties(py::module_& module) {
  using c10_npu::NPUProperties;
  py::class_<NPUProperties>(module, "_NPUDeviceProperties")
      .def_readonly("name", &NPUProperties::name)
      .def_readonly("total_memory", &NPUProperties::total_memory)
      .def_readonly("cube_core_num", &NPUProperties::cube_core_num)
      .def_readonly("vector_core_num", &NPUProperties::vector_core_num)
      .def_readonly("L2_cache_size", &NPUProperties::l2_cache_size)
      .def("__repr__", [](const NPUProperties& self) {
        return c10::str("_NPUDeviceProperties(name='", self.name,
                        "', total_memory=", self.total_memory / (1024 * 1024),
                        "MB, cube_core_num=", self.cube_core_num,
                        ", vector_core_num=", self.vector_core_num,
                        ", L2_cache_size=", self.l2_cache_size / (1024 * 1024), "MB)");
      });
  module.def("_get_device_properties", &c10_npu::get_device_properties, Release());
  module.def("_can_access_peer", &c10_npu::can_access_peer);
  module.def(
      "_utilization",
      [](c10::DeviceIndex device) {
        const c10_npu::Utilization percent = c10_npu::utilization(device);
        return std::pair(percent.cube, percent.memory);
      },
      Release());
  module.def("_cann_version", &c10_npu::cann_version);
}

void bind_random(py::module_& module) {
  module.def("_default_generator", [](c10::DeviceIndex device) {
    const at::Generator& generator = c10_npu::detail::getDefaultNPUGenerator(device);
    return py::reinterpret_steal<py::object>(THPGenerator_Wrap(generator));
  });
}

void bind_tables(py::module_& module) {
  module.def("_error_table", [] {
    py::list rows;
    for (const auto& entry : c10_npu::acl_errors()) {
      rows.append(
          py::make_tuple(entry.code, entry.name, entry.meaning, entry.advice, entry.retryable));
    }
    return rows;
  });
  module.def("_check_error", [](int code, const std::string& call) {
    if (code != 0) c10_npu::throw_acl_error(code, call.c_str(), {__func__, __FILE__, __LINE__});
  });
  module.def("_env_table", [] {
    py::list rows;
    for (const auto& variable : c10_npu::env::variables()) {
      rows.append(
          py::make_tuple(variable.name, variable.type, variable.default_value, variable.meaning));
    }
    return rows;
  });
}

}  // namespace

void init_core(py::module_& module) {
  bind_devices(module);
  bind_modes(module);
  bind_streams(module);
  bind_core_limits(module);
  bind_properties(module);
  bind_random(module);
  bind_tables(module);
}
