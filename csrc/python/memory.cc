// torch_npu._C: what the allocators hold, and memory by its address.
#include <mutex>
#include <unordered_map>

#include "csrc/core/MemoryHolders.h"
#include "csrc/core/NPUCachingAllocator.h"
#include "csrc/core/NPUHostAllocator.h"
#include "csrc/core/NPUPluggableAllocator.h"
#include "csrc/core/NPUSharedMemory.h"
#include "csrc/core/NPUStream.h"
#include "csrc/core/NPUWorkspace.h"
#include "csrc/core/allocator/Settings.h"
#include "csrc/python/bindings.h"

namespace {

namespace allocator = c10_npu::NPUCachingAllocator;

void bind_caching_allocator(py::module_& module) {
  module.def(
      "_empty_cache",
      [](c10::MempoolId_t pool) {
        c10_npu::release_workspace();
        allocator::emptyCache(pool);
      },
      Release());
  module.def("_set_memory_fraction", &allocator::setMemoryFraction);
  module.def("_get_memory_fraction", &allocator::getMemoryFraction);
  module.def("_set_allocator_settings", &c10_npu::allocator::settings::change);
  module.def("_allocator_settings", [] {
    using namespace py::literals;
    const allocator::Settings settings = allocator::settings();
    return py::dict("expandable_segments"_a = settings.expandable_segments,
                    "max_split_size"_a = settings.max_split_size == SIZE_MAX
                                             ? -1
                                             : static_cast<int64_t>(settings.max_split_size),
                    "garbage_collection_threshold"_a = settings.garbage_collection_threshold,
                    "page_size"_a = settings.huge_pages_1g ? "1g" : "2m");
  });
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

using PluggableAllocator = c10_npu::NPUPluggableAllocator;

void bind_pluggable_allocators(py::module_& module) {
  py::class_<PluggableAllocator, std::shared_ptr<PluggableAllocator>>(module, "_PluggableAllocator")
      .def(py::init([](uintptr_t allocate, uintptr_t free) {
        return std::make_shared<PluggableAllocator>(
            reinterpret_cast<PluggableAllocator::Allocate*>(allocate),
            reinterpret_cast<PluggableAllocator::Free*>(free));
      }));
  module.def("_change_current_allocator", &allocator::replace);
  module.def(
      "_add_pool_use",
      [](c10::DeviceIndex device, c10::MempoolId_t pool,
         std::shared_ptr<PluggableAllocator> source) {
        allocator::addPoolUse(device, pool, std::move(source));
      },
      py::arg("device"), py::arg("pool"), py::arg("source") = nullptr);
}

c10_npu::SharedStorage shared_storage(c10::DeviceIndex device, py::bytes key, size_t offset,
                                      size_t size, py::bytes counter_file, size_t counter) {
  return {device, key, offset, size, counter_file, counter};
}

void bind_shared_memory(py::module_& module) {
  module.def("_share_storage", [](const c10::Storage& storage) {
    c10_npu::SharedStorage shared;
    {
      py::gil_scoped_release release;
      shared = c10_npu::share(storage);
    }
    return py::make_tuple(static_cast<int>(shared.device), py::bytes(shared.key), shared.offset,
                          shared.size, py::bytes(shared.counter_file), shared.counter);
  });
  module.def("_open_shared_storage", [](c10::DeviceIndex device, py::bytes key, size_t offset,
                                        size_t size, py::bytes counter_file, size_t counter) {
    return c10_npu::open_shared(shared_storage(device, key, offset, size, counter_file, counter));
  });
  module.def("_release_shared_storage", [](c10::DeviceIndex device, py::bytes key, size_t offset,
                                           size_t size, py::bytes counter_file, size_t counter) {
    c10_npu::release_shared(shared_storage(device, key, offset, size, counter_file, counter));
  });
  module.def("_collect_shared_storages", &c10_npu::collect_shared, Release());
}

}  // namespace

void init_memory(py::module_& module) {
  bind_caching_allocator(module);
  bind_raw_memory(module);
  bind_pluggable_allocators(module);
  bind_shared_memory(module);
  bind_host_memory(module);
}
