// torch_npu._C._profiler: collection. Schedules, files and analysis are in torch_npu/profiler.
#include "csrc/profiler/profiler.h"

#include <c10/util/Exception.h>
#include <torch/csrc/utils/pybind.h>
#include <unistd.h>

#include <set>
#include <string>

#include "csrc/core/LaunchObserver.h"
#include "csrc/profiler/marks.h"
#include "csrc/python/bindings.h"

namespace {

namespace profiler = torch_npu::profiler;

enum class ProfilerActivity { CPU, NPU };

profiler::Activities to_activities(const std::set<ProfilerActivity>& activities) {
  return {.cpu = activities.count(ProfilerActivity::CPU) != 0,
          .npu = activities.count(ProfilerActivity::NPU) != 0};
}

void bind_types(py::module_& module) {
  py::enum_<ProfilerActivity>(module, "ProfilerActivity")
      .value("CPU", ProfilerActivity::CPU)
      .value("NPU", ProfilerActivity::NPU);

  py::class_<profiler::Config>(module, "Config")
      .def(py::init([](std::string level, std::string metrics, bool record_shapes, bool l2_cache,
                       bool op_attr, bool mstx) {
             return profiler::Config{.level = std::move(level),
                                     .metrics = std::move(metrics),
                                     .record_shapes = record_shapes,
                                     .l2_cache = l2_cache,
                                     .op_attr = op_attr,
                                     .mstx = mstx};
           }),
           py::kw_only(), py::arg("level"), py::arg("metrics"), py::arg("record_shapes"),
           py::arg("l2_cache"), py::arg("op_attr"), py::arg("mstx"));
}

void bind_session(py::module_& module) {
  // Without the GIL: threads that are being waited for may need it.
  using Release = py::call_guard<py::gil_scoped_release>;
  module.def(
      "_init_profiler",
      [](const std::string& path, const std::set<ProfilerActivity>& activities) {
        profiler::init_profiler(path, to_activities(activities));
      },
      py::arg("path"), py::arg("activities"), Release());
  module.def("_warmup_profiler", &profiler::warmup_profiler, py::arg("config"), Release());
  module.def("_start_profiler", &profiler::start_profiler, py::arg("config"), Release());
  module.def("_stop_profiler", &profiler::stop_profiler, Release());
  module.def("_finalize_profiler", &profiler::finalize_profiler, Release());
  module.def("_get_monotonic", &c10_npu::launch_clock_ns);
}

void bind_marks(py::module_& module) {
  using Release = py::call_guard<py::gil_scoped_release>;
  // (stream_id, device_index), or None for the host alone.
  using StreamIds = std::optional<std::pair<c10::StreamId, c10::DeviceIndex>>;
  const auto stream_of = [](const StreamIds& ids) -> profiler::Stream {
    if (!ids.has_value()) return std::nullopt;
    return c10_npu::NPUStream(
        c10::Stream(c10::Stream::UNSAFE, c10::Device(c10_npu::kNPU, ids->second), ids->first));
  };
  module.def("_marks_recorded", [] { return profiler::marks_recorded.load(); });
  module.def(
      "_mark",
      [=](const std::string& message, const StreamIds& stream, const std::string& domain) {
        profiler::mark(message, stream_of(stream), domain);
      },
      Release());
  module.def(
      "_range_start",
      [=](const std::string& message, const StreamIds& stream, const std::string& domain) {
        return profiler::range_start(message, stream_of(stream), domain);
      },
      Release());
  module.def("_range_end", &profiler::range_end, Release());
}

}  // namespace

void init_profiler(py::module_& parent) {
  py::module_ module = parent.def_submodule("_profiler", "Collection of profiling data");
  bind_types(module);
  bind_session(module);
  bind_marks(module);
}
