#include <atomic>
#include <cstring>

#include "emulator/hccl/handle.h"
#include "emulator/hccl/root_info.h"
#include "emulator/profiling/recorder.h"
#include "hccl/hccl.h"

using ascend_emulator::ApiScope;
using ascend_emulator::Level;
using namespace ascend_emulator::hccl;

namespace {

// What HcclSetConfig keeps: results are deterministic whatever it says.
std::atomic<int32_t> deterministic{1};

Status join(uint32_t rank_count, const HcclRootInfo* root, uint32_t rank,
            const HcclCommConfig* client, HcclComm* comm) {
  if (root == nullptr || comm == nullptr) {
    return failure(HCCL_E_PTR, "the root info or the place for the communicator is null");
  }
  Config config;
  std::shared_ptr<Communicator> communicator;
  HCCL_RETURN_IF_FAILED(read_config(client, &config));
  HCCL_RETURN_IF_FAILED(Communicator::join(rank_count, *root, rank, config, &communicator));
  *comm = Handle::create(std::move(communicator));
  return {};
}

// Calls `use` with the communicator, after the checks that every query makes.
template <typename Result, typename Use>
HcclResult query(const char* api, HcclComm comm, Result* result, Use use) {
  if (result == nullptr) return report(failure(HCCL_E_PTR, "%s: the result pointer is null", api));
  const auto communicator = Handle::find(comm);
  if (communicator == nullptr) {
    return report(failure(HCCL_E_PARA, "%s: %p is no live communicator", api, comm));
  }
  use(*communicator);
  return HCCL_SUCCESS;
}

}  // namespace

HcclResult HcclGetRootInfo(HcclRootInfo* rootInfo) {
  ApiScope api(Level::kAcl, "HcclGetRootInfo");
  if (rootInfo == nullptr) return report(failure(HCCL_E_PTR, "HcclGetRootInfo: null pointer"));
  return report(create_root_info(rootInfo));
}

HcclResult HcclCommInitRootInfo(uint32_t nRanks, const HcclRootInfo* rootInfo, uint32_t rank,
                                HcclComm* comm) {
  ApiScope api(Level::kAcl, "HcclCommInitRootInfo");
  return report(join(nRanks, rootInfo, rank, nullptr, comm));
}

HcclResult HcclCommInitRootInfoConfig(uint32_t nRanks, const HcclRootInfo* rootInfo, uint32_t rank,
                                      const HcclCommConfig* config, HcclComm* comm) {
  ApiScope api(Level::kAcl, "HcclCommInitRootInfoConfig");
  if (config == nullptr) {
    return report(failure(HCCL_E_PTR, "HcclCommInitRootInfoConfig: the configuration is null"));
  }
  return report(join(nRanks, rootInfo, rank, config, comm));
}

HcclResult HcclCommDestroy(HcclComm comm) {
  ApiScope api(Level::kAcl, "HcclCommDestroy");
  const auto communicator = Handle::release(comm);
  if (communicator == nullptr) {
    return report(failure(HCCL_E_PARA, "HcclCommDestroy: %p is no live communicator", comm));
  }
  communicator->leave();
  return HCCL_SUCCESS;
}

HcclResult HcclGetRankSize(HcclComm comm, uint32_t* rankSize) {
  return query("HcclGetRankSize", comm, rankSize,
               [=](Communicator& communicator) { *rankSize = communicator.rank_count(); });
}

HcclResult HcclGetRankId(HcclComm comm, uint32_t* rank) {
  return query("HcclGetRankId", comm, rank,
               [=](Communicator& communicator) { *rank = communicator.rank(); });
}

HcclResult HcclGetCommName(HcclComm comm, char* commName) {
  return query("HcclGetCommName", comm, commName, [=](Communicator& communicator) {
    std::memcpy(commName, communicator.name().c_str(), communicator.name().size() + 1);
  });
}

HcclResult HcclGetCommAsyncError(HcclComm comm, HcclResult* asyncError) {
  return query("HcclGetCommAsyncError", comm, asyncError, [=](Communicator& communicator) {
    *asyncError = report(communicator.current_failure());
  });
}

const char* HcclGetErrorString(HcclResult code) { return result_entry(code).text; }

uint32_t HcclGetCommConfigCapability() { return HCCL_COMM_CONFIG_RESERVED; }

HcclResult HcclSetConfig(HcclConfig config, HcclConfigValue configValue) {
  if (config != HCCL_DETERMINISTIC || configValue.value < 0 || configValue.value > 2) {
    return report(failure(HCCL_E_PARA,
                          "HcclSetConfig(%d, %d): expected HCCL_DETERMINISTIC (0) with 0, 1 or 2",
                          static_cast<int>(config), configValue.value));
  }
  deterministic.store(configValue.value);
  return HCCL_SUCCESS;
}

HcclResult HcclGetConfig(HcclConfig config, HcclConfigValue* configValue) {
  if (config != HCCL_DETERMINISTIC || configValue == nullptr) {
    return report(failure(HCCL_E_PARA, "HcclGetConfig(%d, %p): expected HCCL_DETERMINISTIC (0)",
                          static_cast<int>(config), static_cast<void*>(configValue)));
  }
  configValue->value = deterministic.load();
  return HCCL_SUCCESS;
}
