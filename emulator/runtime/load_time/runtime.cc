#include "emulator/runtime/load_time/refuse.h"

// libruntime.so: launching kernel binaries without libascendcl.so.
REFUSE(rtDevBinaryRegister)
REFUSE(rtFunctionRegister)
REFUSE(rtGetC2cCtrlAddr)
REFUSE(rtKernelLaunch)
