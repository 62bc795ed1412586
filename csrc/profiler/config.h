#pragma once

#include <string>

namespace torch_npu::profiler {

// What the Python layer has checked and decided.
struct Config {
  std::string level = "Level0";  // Level_none, Level0, Level1, Level2
  std::string metrics = "ACL_AICORE_NONE";
  bool record_shapes = false;
  bool l2_cache = false;
  bool op_attr = false;
  bool mstx = false;
};

// What is recorded: host operators, the device, or both.
struct Activities {
  bool cpu = false;
  bool npu = false;
};

}  // namespace torch_npu::profiler
