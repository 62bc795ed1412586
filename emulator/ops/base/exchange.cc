#include "emulator/ops/base/exchange.h"

#include <dlfcn.h>

#include <exception>
#include <memory>
#include <string>

#include "emulator/hccl/hcom.h"
#include "emulator/profiling/recorder.h"
#include "emulator/runtime/device.h"
#include "emulator/runtime/error.h"
#include "emulator/runtime/stream.h"

namespace ascend_emulator {
namespace {

// libhccl, which the process has loaded if it has a communicator.
class Hccl {
 public:
  static const Hccl& get() {
    static const Hccl hccl;
    return hccl;
  }

#define HCCL_FUNCTION(name) decltype(&::name) name = find<decltype(&::name)>(#name)
  HCCL_FUNCTION(HcomGetCommHandleByGroup);
  HCCL_FUNCTION(HcclGetRankSize);
  HCCL_FUNCTION(HcclAllReduce);
  HCCL_FUNCTION(HcclAllGather);
  HCCL_FUNCTION(HcclReduceScatter);
  HCCL_FUNCTION(HcclAlltoAll);
#undef HCCL_FUNCTION

 private:
  template <class Function>
  static Function find(const char* name) {
    static void* const library = dlopen("libhccl.so", RTLD_NOW | RTLD_LOCAL);
    return library == nullptr ? nullptr : reinterpret_cast<Function>(dlsym(library, name));
  }
};

struct Type {
  aclDataType acl;
  HcclDataType hccl;
};
constexpr Type kTypes[] = {
    {ACL_FLOAT16, HCCL_DATA_TYPE_FP16}, {ACL_BF16, HCCL_DATA_TYPE_BFP16},
    {ACL_FLOAT, HCCL_DATA_TYPE_FP32},   {ACL_INT8, HCCL_DATA_TYPE_INT8},
    {ACL_INT32, HCCL_DATA_TYPE_INT32},
};

HcclDataType hccl_type(aclDataType dtype) {
  for (const Type& type : kTypes) {
    if (type.acl == dtype) return type.hccl;
  }
  return HCCL_DATA_TYPE_RESERVED;
}

uint64_t aligned(uint64_t bytes) { return (bytes + 511) / 512 * 512; }

// What both phases need to know of a call.
struct Prepared {
  HcclComm communicator = nullptr;
  int64_t ranks = 0;
  Transfer transfer{};
  uint64_t sent_bytes = 0;
  uint64_t workspace_size = 0;
};

aclnnStatus plan(const Exchange& exchange, const Call& call, Prepared* prepared) {
  const char* name = call.function.name;
  const char* group = exchange.group(call);
  const Hccl& hccl = Hccl::get();
  if (hccl.HcomGetCommHandleByGroup == nullptr || group == nullptr ||
      hccl.HcomGetCommHandleByGroup(group, &prepared->communicator) != HCCL_SUCCESS) {
    return fail(ACLNN_ERR_PARAM_INVALID, "%s: this process has no communicator called '%s'.", name,
                group == nullptr ? "" : group);
  }
  uint32_t ranks = 0;
  hccl.HcclGetRankSize(prepared->communicator, &ranks);
  prepared->ranks = ranks;
  try {
    prepared->transfer = exchange.plan(call, ranks);
  } catch (const std::exception& error) {
    return fail(ACLNN_ERR_PARAM_INVALID, "%s: %s", name, error.what());
  }
  const uint64_t size = dtype_size(prepared->transfer.dtype);
  prepared->sent_bytes = aligned(prepared->transfer.sent * size);
  prepared->workspace_size = prepared->sent_bytes + aligned(prepared->transfer.received * size);
  return ACLNN_SUCCESS;
}

HcclResult transmit(const Prepared& prepared, void* sent, void* received, aclrtStream stream) {
  const Hccl& hccl = Hccl::get();
  const Transfer& transfer = prepared.transfer;
  const HcclDataType type = hccl_type(transfer.dtype);
  switch (transfer.kind) {
    case Transfer::Kind::kAllReduce:
      return hccl.HcclAllReduce(sent, received, transfer.sent, type, HCCL_REDUCE_SUM,
                                prepared.communicator, stream);
    case Transfer::Kind::kAllGather:
      return hccl.HcclAllGather(sent, received, transfer.sent, type, prepared.communicator, stream);
    case Transfer::Kind::kReduceScatter:
      return hccl.HcclReduceScatter(sent, received, transfer.received, type, HCCL_REDUCE_SUM,
                                    prepared.communicator, stream);
    case Transfer::Kind::kAllToAll: {
      const uint64_t count = transfer.sent / prepared.ranks;
      return hccl.HcclAlltoAll(sent, count, type, received, count, type, prepared.communicator,
                               stream);
    }
  }
  return HCCL_E_INTERNAL;
}

}  // namespace

aclnnStatus prepare(const Function& function, const Exchange& exchange,
                    std::span<const Argument> arguments, uint64_t* workspace_size,
                    aclOpExecutor** executor) {
  if (aclnnStatus status = prepare(function, arguments, workspace_size, executor)) return status;
  Prepared prepared;
  const Call call{function, arguments.data(), current_device()};
  if (aclnnStatus status = plan(exchange, call, &prepared)) {
    aclDestroyAclOpExecutor(*executor);
    return status;
  }
  *workspace_size = prepared.workspace_size;
  return ACLNN_SUCCESS;
}

aclnnStatus launch(const Function& function, const Exchange& exchange, void* workspace,
                   uint64_t workspace_size, aclOpExecutor* executor, aclrtStream stream) {
  ApiScope api(Level::kAcl, function.name);
  if (aclnnStatus status = check_executor(function, executor)) return status;
  const std::unique_ptr<aclOpExecutor, void (*)(aclOpExecutor*)> owner(executor, &finish);
  Prepared prepared;
  if (aclnnStatus status = plan(exchange, call_of(*executor, stream_device(stream)), &prepared)) {
    return status;
  }
  if (workspace == nullptr || workspace_size < prepared.workspace_size) {
    return fail(ACLNN_ERR_PARAM_INVALID, "%s: the workspace has %lu bytes, phase 1 asked for %lu.",
                function.name, workspace == nullptr ? 0 : workspace_size, prepared.workspace_size);
  }
  void* const sent = workspace;
  void* const received = static_cast<std::byte*>(workspace) + prepared.sent_bytes;
  const int64_t ranks = prepared.ranks;
  const auto step = [&](void (*run)(const Call&, int64_t, void*), void* buffer) {
    ApiScope node(Level::kNode, "launch");
    return enqueue(stream, make_task(*executor, stream_device(stream),
                                     [=](const Call& call) { run(call, ranks, buffer); }));
  };
  if (aclError error = step(exchange.before, sent)) return error;
  if (transmit(prepared, sent, received, stream) != HCCL_SUCCESS) {
    return fail(ACLNN_ERR_INNER, "%s: %s", function.name, take_recent_message().c_str());
  }
  return step(exchange.after, received);
}

}  // namespace ascend_emulator
