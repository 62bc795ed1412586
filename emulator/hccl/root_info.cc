#include "emulator/hccl/root_info.h"

#include <unistd.h>

#include <atomic>
#include <cstring>
#include <string>

#include "emulator/runtime/error.h"
#include "emulator/runtime/peer.h"

namespace ascend_emulator::hccl {
namespace {

constexpr uint64_t kMagic = 0x48434c524f4f5431;  // "HCLROOT1"

static_assert(sizeof(RootInfo) <= sizeof(HcclRootInfo));

}  // namespace

Status create_root_info(HcclRootInfo* client) {
  static std::atomic<uint32_t> created{0};
  int descriptor = -1;
  HCCL_RETURN_IF_FAILED(create_control_block(&descriptor));
  const std::string name = export_descriptor(descriptor);
  close(descriptor);
  RootInfo root{};
  if (name.empty() || name.size() >= sizeof(root.descriptor)) {
    return failure(HCCL_E_SYSCALL, "the root cannot serve its communicator: %s",
                   take_recent_message().c_str());
  }
  root.magic = kMagic;
  root.pid = getpid();
  std::memcpy(root.descriptor, name.c_str(), name.size());
  snprintf(root.communicator, sizeof(root.communicator), "hccl_%d_%u", root.pid, created++);
  std::memset(client, 0, sizeof(*client));
  std::memcpy(client, &root, sizeof(root));
  return {};
}

Status open_root_info(const HcclRootInfo& client, std::chrono::milliseconds timeout, RootInfo* root,
                      SharedControl* control) {
  std::memcpy(root, &client, sizeof(*root));
  if (root->magic != kMagic) {
    return failure(HCCL_E_PARA, "the root info was not made by HcclGetRootInfo of this library");
  }
  root->descriptor[sizeof(root->descriptor) - 1] = '\0';
  root->communicator[sizeof(root->communicator) - 1] = '\0';
  const int descriptor = import_descriptor(root->descriptor, timeout);
  if (descriptor < 0) {
    return failure(
        HCCL_E_TCP_CONNECT,
        "the root process (pid %d) of communicator %s cannot be reached; has it ended, or "
        "was its root info used before? %s",
        root->pid, root->communicator, take_recent_message().c_str());
  }
  const Status status = map_control_block(descriptor, control);
  close(descriptor);
  return status;
}

void withdraw_root_info(const RootInfo& root) {
  if (root.pid == getpid()) withdraw_descriptor(root.descriptor);
}

}  // namespace ascend_emulator::hccl
