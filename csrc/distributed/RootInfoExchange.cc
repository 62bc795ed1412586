#include "csrc/distributed/RootInfoExchange.h"

#include <cstring>
#include <vector>

#include "csrc/distributed/HCCLError.h"
#include "hccl/hccl.h"

namespace c10d_npu {
namespace {

// First byte of the store's value: what follows is a root info, or the text of rank 0's error.
constexpr uint8_t kRootInfo = 'R';
constexpr uint8_t kError = 'E';

HcclRootInfo publish(c10d::Store& store, const std::string& key) {
  HcclRootInfo root{};
  std::vector<uint8_t> value(1 + sizeof(root), kRootInfo);
  const HcclResult result = HcclGetRootInfo(&root);
  if (result != HCCL_SUCCESS) {
    const std::string error = describe_hccl_error(result, "HcclGetRootInfo");
    value.assign(1, kError);
    value.insert(value.end(), error.begin(), error.end());
    store.set(key, value);
    C10_THROW_ERROR(DistBackendError, error);
  }
  std::memcpy(value.data() + 1, &root, sizeof(root));
  store.set(key, value);
  return root;
}

}  // namespace

HcclRootInfo exchange_root_info(c10d::Store& store, const std::string& key, int rank,
                                std::chrono::milliseconds timeout) {
  if (rank == 0) return publish(store, key);
  try {
    store.wait({key}, timeout);
  } catch (const std::exception& error) {
    C10_THROW_ERROR(
        DistBackendError,
        c10::str("rank ", rank, " waited ", timeout.count() / 1000,
                 " s for rank 0 to start the communicator (store key '", key,
                 "'): has rank 0 ended, or not reached its first collective? ", error.what()));
  }
  const std::vector<uint8_t> value = store.get(key);
  TORCH_CHECK_WITH(DistBackendError, !value.empty() && value[0] != kError,
                   "rank 0 could not start the communicator: ",
                   std::string(value.begin() + (value.empty() ? 0 : 1), value.end()));
  HcclRootInfo root{};
  TORCH_CHECK_WITH(DistBackendError, value[0] == kRootInfo && value.size() == 1 + sizeof(root),
                   "the store's key '", key, "' holds no root info of HCCL but ", value.size(),
                   " other bytes: do all ranks run the same torch_npu?");
  std::memcpy(&root, value.data() + 1, sizeof(root));
  return root;
}

}  // namespace c10d_npu
