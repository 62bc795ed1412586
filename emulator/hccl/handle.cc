#include "emulator/hccl/handle.h"

#include <deque>
#include <mutex>

namespace ascend_emulator::hccl {
namespace {

constexpr uint64_t kLive = 0x4843434c434f4d4d;  // "HCCLCOMM"

std::mutex mutex;
auto& handles = *new std::deque<Handle>;

}  // namespace

HcclComm Handle::create(std::shared_ptr<Communicator> communicator) {
  std::lock_guard lock(mutex);
  Handle& handle = handles.emplace_back();
  handle.communicator_ = std::move(communicator);
  handle.magic_ = kLive;
  return &handle;
}

std::shared_ptr<Communicator> Handle::find(HcclComm client) {
  const auto* handle = static_cast<Handle*>(client);
  return handle == nullptr || handle->magic_ != kLive ? nullptr : handle->communicator_;
}

HcclComm Handle::find(const std::string& name) {
  std::lock_guard lock(mutex);
  for (auto handle = handles.rbegin(); handle != handles.rend(); ++handle) {
    if (handle->magic_ == kLive && handle->communicator_->name() == name) return &*handle;
  }
  return nullptr;
}

std::shared_ptr<Communicator> Handle::release(HcclComm client) {
  auto* handle = static_cast<Handle*>(client);
  if (handle == nullptr || handle->magic_ != kLive) return nullptr;
  handle->magic_ = 0;
  return std::move(handle->communicator_);
}

}  // namespace ascend_emulator::hccl
