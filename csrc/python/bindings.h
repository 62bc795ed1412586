#pragma once

#include <torch/csrc/utils/pybind.h>

namespace py = pybind11;

// Each library's part of torch_npu._C.
void init_core(py::module_& module);
void init_memory(py::module_& module);
void init_memory_history(py::module_& module);
void init_graphs(py::module_& module);
void init_aten(py::module_& module);
void init_distributed(py::module_& module);
void init_profiler(py::module_& module);
