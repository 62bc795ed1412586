#pragma once

#include <torch/csrc/utils/pybind.h>

#include "csrc/core/NPUStream.h"

namespace py = pybind11;

// Calls that may wait or take long let other threads run.
using Release = py::call_guard<py::gil_scoped_release>;

// The stream that Python names by the fields of torch.Stream.
inline c10_npu::NPUStream stream_of(c10::StreamId id, c10::DeviceIndex device) {
  return c10_npu::NPUStream(
      c10::Stream(c10::Stream::UNSAFE, c10::Device(c10_npu::kNPU, device), id));
}

// Each library's part of torch_npu._C.
void init_core(py::module_& module);
void init_memory(py::module_& module);
void init_memory_history(py::module_& module);
void init_graphs(py::module_& module);
void init_aten(py::module_& module);
void init_distributed(py::module_& module);
void init_profiler(py::module_& module);
