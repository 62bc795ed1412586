#pragma once

#include "hccl/hccl.h"

// What libhccl has for CANN's own libraries: the communicator of a group's name.
extern "C" CANN_API HcclResult HcomGetCommHandleByGroup(const char* group, HcclComm* commHandle);
