// torch_npu._C: devices, memory, random numbers, errors. Streams and events need little here:
// torch.Stream and torch.Event reach csrc/core through the device guard.
#include <ATen/core/Generator.h>
#include <torch/csrc/Generator.h>

#include <mutex>
#include <unordered_map>

#include "csrc/core/CannLibrary.h"
#include "csrc/core/Determinism.h"
#include "csrc/core/Env.h"
#include "csrc/core/NPUCachingAllocator.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUEvent.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUGenerator.h"
#include "csrc/core/NPUGuard.h"
#include "csrc/core/NPUGuardImpl.h"
#include "csrc/core/NPUHostAllocator.h"
#include "csrc/core/NPUProperties.h"
#include "csrc/core/NPUStream.h"
#include "csrc/core/NPUWorkspace.h"
#include "csrc/core/SyncDebug.h"
#include "csrc/core/TaskQueue.h"
#include "csrc/python/bindings.h"

namespace {

// Calls that may wait or take long let other threads run.
using Release = py::call_guard<py::gil_scoped_release>;

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

c10_npu::NPUStream stream_of(c10::StreamId id, c10::DeviceIndex device) {
  return c10_npu::NPUStream(
      c10::Stream(c10::Stream::UNSAFE, c10::Device(c10_npu::kNPU, device), id));
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
  module.def("_cube_utilization", &c10_npu::cube_utilization, Release());
  module.def("_cann_version", &c10_npu::cann_version);
}

const char* block_state(const c10::CachingDeviceAllocator::BlockInfo& block) {
  if (block.allocated) return "active_allocated";
  return block.active ? "active_awaiting_free" : "inactive";
}

// The keys of torch.cuda.memory_snapshot(), which memory viewers read.
py::dict describe(const c10::CachingDeviceAllocator::SegmentInfo& segment) {
  py::list blocks;
  size_t address = segment.address;
  for (const auto& block : segment.blocks) {
    py::dict entry;
    entry["address"] = address;
    entry["size"] = block.size;
    entry["requested_size"] = block.requested_size;
    entry["state"] = block_state(block);
    entry["frames"] = py::list();
    blocks.append(entry);
    address += block.size;
  }
  py::dict entry;
  entry["device"] = static_cast<int>(segment.device);
  entry["address"] = segment.address;
  entry["total_size"] = segment.total_size;
  entry["allocated_size"] = segment.allocated_size;
  entry["active_size"] = segment.active_size;
  entry["requested_size"] = segment.requested_size;
  entry["stream"] = reinterpret_cast<uintptr_t>(segment.stream);
  entry["segment_type"] = segment.is_large ? "large" : "small";
  entry["segment_pool_id"] = segment.owner_private_pool_id;
  entry["is_expandable"] = segment.is_expandable;
  entry["frames"] = py::list();
  entry["blocks"] = blocks;
  return entry;
}

void bind_memory(py::module_& module) {
  namespace allocator = c10_npu::NPUCachingAllocator;
  module.def(
      "_empty_cache",
      [](c10::MempoolId_t pool) {
        c10_npu::release_workspace();
        allocator::emptyCache(pool);
      },
      Release());
  module.def("_memory_snapshot", [] {
    py::list segments;
    for (const auto& segment : allocator::snapshot()) segments.append(describe(segment));
    return segments;
  });
  module.def("_set_memory_fraction", &allocator::setMemoryFraction);
  module.def("_get_memory_fraction", &allocator::getMemoryFraction);
}

// Memory that Python code holds by its address, until it says that it is done.
class RawAllocations {
 public:
  uintptr_t allocate(size_t bytes, c10_npu::NPUStream stream) {
    c10::DataPtr data = c10_npu::NPUCachingAllocator::allocate(bytes, stream);
    const auto address = reinterpret_cast<uintptr_t>(data.get());
    const std::lock_guard lock(mutex_);
    if (address != 0) held_.emplace(address, std::move(data));
    return address;
  }

  void free(uintptr_t address) {
    if (address == 0) return;
    const std::lock_guard lock(mutex_);
    TORCH_CHECK_VALUE(held_.erase(address) == 1, "there is no memory at ", address,
                      " that caching_allocator_alloc() returned and that is still held");
  }

 private:
  std::mutex mutex_;
  std::unordered_map<uintptr_t, c10::DataPtr> held_;
};

// Never destroyed: at exit the runtime may be gone before it.
RawAllocations& raw_allocations() {
  static RawAllocations& allocations = *new RawAllocations;
  return allocations;
}

void bind_raw_memory(py::module_& module) {
  module.def(
      "_caching_allocator_alloc",
      [](size_t bytes, c10::StreamId id, c10::DeviceIndex device) {
        return raw_allocations().allocate(bytes, stream_of(id, device));
      },
      Release());
  module.def(
      "_caching_allocator_delete", [](uintptr_t address) { raw_allocations().free(address); },
      Release());
}

py::dict describe(const c10::CachingAllocator::Stat& stat) {
  using namespace py::literals;
  return py::dict("current"_a = stat.current, "peak"_a = stat.peak, "allocated"_a = stat.allocated,
                  "freed"_a = stat.freed);
}

py::dict describe(const c10::CachingAllocator::DurationStat& stat) {
  using namespace py::literals;
  return py::dict("total"_a = stat.total, "max"_a = stat.max, "min"_a = stat.min,
                  "count"_a = stat.count, "avg"_a = stat.count == 0 ? 0 : stat.total / stat.count);
}

void bind_host_memory(py::module_& module) {
  // The keys of torch.cuda.host_memory_stats_as_nested_dict().
  module.def("_host_memory_stats", [] {
    const at::HostStats stats = c10_npu::NPUHostAllocator::get()->get_stats();
    py::dict result;
    result["num_host_alloc"] = stats.num_host_alloc;
    result["num_host_free"] = stats.num_host_free;
    result["allocations"] = describe(stats.allocations);
    result["active_requests"] = describe(stats.active_requests);
    result["allocated_bytes"] = describe(stats.allocated_bytes);
    result["active_bytes"] = describe(stats.active_bytes);
    result["host_alloc_time"] = describe(stats.host_alloc_time);
    result["host_free_time"] = describe(stats.host_free_time);
    return result;
  });
  module.def("_reset_accumulated_host_memory_stats",
             [] { c10_npu::NPUHostAllocator::get()->reset_accumulated_stats(); });
  module.def("_reset_peak_host_memory_stats",
             [] { c10_npu::NPUHostAllocator::get()->reset_peak_stats(); });
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
  bind_properties(module);
  bind_memory(module);
  bind_raw_memory(module);
  bind_host_memory(module);
  bind_random(module);
  bind_tables(module);
}
