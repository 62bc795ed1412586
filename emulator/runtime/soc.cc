#include "emulator/runtime/soc.h"

#include <cstring>

#include "emulator/runtime/env.h"

namespace ascend_emulator {
namespace {

// Source: the platform configuration files of CANN's open runtime repository.
constexpr Soc kSocs[] = {
    // name, cube cores, vector cores, AI CPUs, MHz, HBM GiB, L2 MiB, NpuArch
    {"Ascend910B1", 24, 48, 6, 1850, 64, 192, 2201},
    {"Ascend910B2", 24, 48, 6, 1800, 64, 192, 2201},
    {"Ascend910B2C", 24, 48, 6, 1800, 64, 192, 2201},
    {"Ascend910B3", 20, 40, 6, 1800, 64, 192, 2201},
    {"Ascend910B4", 20, 40, 6, 1500, 32, 96, 2201},
    {"Ascend910B4-1", 20, 40, 6, 1500, 32, 168, 2201},
    {"Ascend910_9391", 24, 48, 6, 1850, 64, 192, 2201},
    {"Ascend910_9392", 24, 48, 6, 1850, 64, 192, 2201},
    {"Ascend910_9381", 24, 48, 6, 1800, 64, 192, 2201},
    {"Ascend910_9382", 24, 48, 6, 1800, 64, 192, 2201},
    {"Ascend910_9372", 20, 40, 6, 1800, 64, 192, 2201},
    {"Ascend910_9362", 20, 40, 6, 1500, 64, 168, 2201},
    {"Ascend910_9363", 20, 40, 6, 1500, 32, 168, 2201},
    {"Ascend950PR_9589", 32, 64, 6, 1650, 128, 128, 3510},
    {"Ascend950DT_9591", 36, 72, 6, 1800, 144, 128, 3510},
};

}  // namespace

const Soc* find_soc(const char* name) {
  for (const Soc& soc : kSocs) {
    if (std::strcmp(soc.name, name) == 0) return &soc;
  }
  return nullptr;
}

const Soc& current_soc() {
  static const Soc& soc = *find_soc(env().soc.c_str());
  return soc;
}

std::string soc_names() {
  std::string names;
  for (const Soc& soc : kSocs) names.append(" ").append(soc.name);
  return names;
}

}  // namespace ascend_emulator
