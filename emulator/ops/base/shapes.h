#pragma once

#include "emulator/ops/base/function.h"
#include "emulator/runtime/export.h"

// Checks of shapes at phase 1, where CANN answers 161002. A rule says how a function's tensors fit
// together; a function without one is checked by its kernel, and fails in its stream.
namespace ascend_emulator {

// The inputs broadcast to exactly the shape of every output.
EMULATOR_API aclnnStatus broadcast(const Function& function, const Argument* arguments);

// The last two inputs multiply as matrices (with batches) to the shape of the output; any input
// before them broadcasts to it.
EMULATOR_API aclnnStatus matrix_product(const Function& function, const Argument* arguments);

// Every output has the first input's shape, where the dimensions that the first array or integer
// names are gone, or 1 if the function's keepdim says so. No dimensions mean all.
EMULATOR_API aclnnStatus reduction(const Function& function, const Argument* arguments);

}  // namespace ascend_emulator
