// torch_npu._C._distributed_c10d: the hccl backend's classes, as subclasses of PyTorch's.
#include <pybind11/stl.h>

#include <torch/csrc/distributed/c10d/Backend.hpp>

#include "csrc/distributed/ProcessGroupHCCL.h"
#include "csrc/python/bindings.h"

namespace {

using c10d_npu::ProcessGroupHCCL;
using Options = ProcessGroupHCCL::Options;
using NoGil = py::call_guard<py::gil_scoped_release>;

template <typename Class, typename Base>
using IntrusiveClass = py::class_<Class, c10::intrusive_ptr<Class>, Base>;

std::chrono::milliseconds operation_timeout(const Options& options) { return options.timeout; }

void set_operation_timeout(Options& options, std::chrono::milliseconds timeout) {
  options.timeout = timeout;
}

void bind_options(IntrusiveClass<ProcessGroupHCCL, c10d::Backend>& group) {
  IntrusiveClass<Options, c10d::Backend::Options>(group, "Options")
      .def(py::init<bool>(), py::arg("is_high_priority_stream") = false)
      .def_readwrite("is_high_priority_stream", &Options::is_high_priority_stream)
      .def_readwrite("group_id", &Options::group_id)
      .def_readwrite("hccl_config", &Options::hccl_config)
      .def_property("op_timeout", operation_timeout, set_operation_timeout)
      .def("__copy__", [](const Options& self) { return c10::make_intrusive<Options>(self); })
      .def("__deepcopy__",
           [](const Options& self, const py::dict&) { return c10::make_intrusive<Options>(self); });
}

}  // namespace

void init_distributed(py::module_& module) {
  // The base classes are registered by PyTorch's own extension.
  py::module_::import("torch._C._distributed_c10d");
  py::module_ distributed = module.def_submodule("_distributed_c10d");
  IntrusiveClass<ProcessGroupHCCL, c10d::Backend> group(distributed, "ProcessGroupHCCL");
  bind_options(group);
  group
      .def(py::init<c10::intrusive_ptr<c10d::Store>, int, int, c10::intrusive_ptr<Options>>(),
           py::arg("store"), py::arg("rank"), py::arg("size"), py::arg("options"), NoGil())
      .def_property_readonly("options", &ProcessGroupHCCL::options)
      .def("_set_default_timeout", &ProcessGroupHCCL::setTimeout, py::arg("timeout"), NoGil())
      .def(
          "get_hccl_comm_name",
          [](ProcessGroupHCCL& self, int device) {
            return self.communicator_name(
                at::Device(c10_npu::kNPU, static_cast<c10::DeviceIndex>(device)));
          },
          py::arg("rank"), NoGil());
}
