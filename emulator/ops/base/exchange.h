#pragma once

#include "emulator/ops/base/executor.h"

// Functions that compute and communicate: a kernel before, one collective of the communicator whose
// name is among the arguments, a kernel after, all on the caller's stream. The workspace holds what
// is sent and what is received.
namespace ascend_emulator {

struct Transfer {
  enum class Kind : uint8_t { kAllReduce, kAllGather, kReduceScatter, kAllToAll };

  Kind kind;
  aclDataType dtype;
  int64_t sent;      // elements, of all ranks if there is a part for each
  int64_t received;  // the same
};

struct Group {
  const char* name;
  int64_t ranks;
};

struct Exchange {
  Kernel kernel;  // for the checks of phase 1; it is not run
  const char* (*group)(const Call& call);
  Transfer (*plan)(const Call& call, int64_t ranks);  // throws std::exception
  void (*before)(const Call& call, int64_t ranks, void* sent);
  void (*after)(const Call& call, int64_t ranks, void* received);
};

EMULATOR_API aclnnStatus prepare(const Function& function, const Exchange& exchange,
                                 std::span<const Argument> arguments, uint64_t* workspace_size,
                                 aclOpExecutor** executor);

EMULATOR_API aclnnStatus launch(const Function& function, const Exchange& exchange, void* workspace,
                                uint64_t workspace_size, aclOpExecutor* executor,
                                aclrtStream stream);

}  // namespace ascend_emulator
