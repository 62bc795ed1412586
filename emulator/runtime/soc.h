#pragma once

#include <cstdint>
#include <string>

#include "emulator/runtime/export.h"

namespace ascend_emulator {

constexpr const char* kDefaultSoc = "Ascend910B3";

// One chip as CANN's platform files describe it.
struct Soc {
  const char* name;
  int cube_cores;
  int vector_cores;
  int ai_cpus;
  int megahertz;
  int hbm_gib;
  int l2_mib;
  int npu_arch;
};

EMULATOR_API const Soc* find_soc(const char* name);  // null: unknown
EMULATOR_API const Soc& current_soc();               // ASCEND_EMULATOR_SOC
std::string soc_names();                             // " A B C", for messages

}  // namespace ascend_emulator
