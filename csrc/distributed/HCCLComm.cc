#include "csrc/distributed/HCCLComm.h"

#include "csrc/core/MemoryHolders.h"
#include "csrc/core/NPUCachingAllocator.h"
#include "csrc/core/NPUGuard.h"
#include "csrc/distributed/HCCLError.h"
#include "hccl/hccl.h"

namespace c10d_npu {

std::shared_ptr<HCCLComm> HCCLComm::create(int rank_count, const HcclRootInfo& root, int rank,
                                           const HCCLConfig& config, c10_npu::NPUStream stream) {
  const c10_npu::NPUGuard guard(stream.device_index());
  HcclComm handle = nullptr;
  const HcclCommConfig client = make_comm_config(config);
  const auto free = [&] {
    return c10_npu::NPUCachingAllocator::getMemoryInfo(stream.device_index()).first;
  };
  const size_t free_before = free();
  HCCL_CHECK(HcclCommInitRootInfoConfig(rank_count, &root, rank, &client, &handle));
  auto comm = std::make_shared<HCCLComm>(handle, stream);
  comm->memory_ = static_cast<int64_t>(free_before) - static_cast<int64_t>(free());
  c10_npu::count_hccl(stream.device_index(), comm->memory_);
  return comm;
}

HCCLComm::~HCCLComm() { abort("its process group is gone"); }

HcclComm HCCLComm::handle() const {
  std::lock_guard lock(mutex_);
  TORCH_CHECK_WITH(DistBackendError, handle_ != nullptr && error_.empty(),
                   "the communicator can no longer be used: ", error_);
  return handle_;
}

std::string HCCLComm::name() const {
  char name[128] = "";
  HCCL_CHECK(HcclGetCommName(handle(), name));
  return name;
}

void HCCLComm::follow(c10_npu::NPUStream current) {
  ready_.record(current);
  ready_.block(stream_);
}

std::optional<std::string> HCCLComm::poll_error() {
  std::lock_guard lock(mutex_);
  if (!error_.empty()) return error_;
  if (handle_ == nullptr) return std::nullopt;
  HcclResult result = HCCL_SUCCESS;
  const HcclResult asked = HcclGetCommAsyncError(handle_, &result);
  if (asked == HCCL_SUCCESS && result == HCCL_SUCCESS) return std::nullopt;
  error_ = asked == HCCL_SUCCESS ? describe_hccl_error(result, "an asynchronous collective")
                                 : describe_hccl_error(asked, "HcclGetCommAsyncError");
  return error_;
}

void HCCLComm::abort(const std::string& reason) {
  std::lock_guard lock(mutex_);
  if (handle_ == nullptr) return;
  const HcclResult result = HcclCommDestroy(std::exchange(handle_, nullptr));
  c10_npu::count_hccl(stream_.device_index(), -memory_);
  if (error_.empty()) error_ = reason;
  if (result != HCCL_SUCCESS) TORCH_WARN(describe_hccl_error(result, "HcclCommDestroy"));
}

}  // namespace c10d_npu
