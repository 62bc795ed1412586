#include "csrc/python/bindings.h"

PYBIND11_MODULE(_C, module) {
  module.doc() = "The native part of torch_npu. Private: use torch_npu and torch.npu.";
  init_core(module);
  init_memory(module);
  init_memory_history(module);
  init_graphs(module);
  init_aten(module);
  init_distributed(module);
  init_profiler(module);
}
