#include "emulator/runtime/load_time/refuse.h"

// Kernel binaries: they hold code of another processor.
REFUSE(aclrtBinaryGetFunction)
REFUSE(aclrtBinaryLoadFromData)
REFUSE(aclrtGetFunctionAddr)

// Dumps of operator inputs and outputs.
REFUSE(aclmdlFinalizeDump)
REFUSE(aclmdlInitDump)
REFUSE(aclmdlSetDump)
