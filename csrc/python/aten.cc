#include <pybind11/stl.h>

#include "csrc/aten/ExecutorCache.h"
#include "csrc/aten/native/Fallback.h"
#include "csrc/python/bindings.h"

void init_aten(py::module_& module) {
  module.def("fallback_stats", &at_npu::fallback_stats,
             "Calls per operator that ran on the CPU because the NPU has no kernel for it.");
  module.def("reset_fallback_stats", &at_npu::reset_fallback_stats);
  module.def("_executor_cache_stats", [] {
    const at_npu::aclnn::ExecutorCacheStats stats = at_npu::aclnn::ExecutorCache::stats();
    return std::map<std::string, uint64_t>{
        {"hits", stats.hits}, {"misses", stats.misses}, {"not_cacheable", stats.not_cacheable}};
  });
}
