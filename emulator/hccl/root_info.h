#pragma once

#include "emulator/hccl/control_block.h"

namespace ascend_emulator::hccl {

// What rank 0's HcclGetRootInfo gives to the other ranks, inside HcclRootInfo's 4108 bytes.
struct RootInfo {
  uint64_t magic;
  int32_t pid;           // of the process that serves the control block
  char descriptor[128];  // name of the control block for import_descriptor
  char communicator[128];
};

// Creates a communicator's control block and offers it to the ranks that get to know `client`.
Status create_root_info(HcclRootInfo* client);

Status open_root_info(const HcclRootInfo& client, std::chrono::milliseconds timeout, RootInfo* root,
                      SharedControl* control);

// Once all ranks have joined nobody needs the offer any more.
void withdraw_root_info(const RootInfo& root);

}  // namespace ascend_emulator::hccl
