#include "emulator/runtime/load_time/refuse.h"

// libprofapi.so: records of the client for CANN's profiler.
REFUSE(MsprofGetHashId)
REFUSE(MsprofRegisterCallback)
REFUSE(MsprofReportAdditionalInfo)
REFUSE(MsprofReportApi)
REFUSE(MsprofReportCompactInfo)
REFUSE(MsprofSysCycleTime)
