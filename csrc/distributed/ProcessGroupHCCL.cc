#include "csrc/distributed/ProcessGroupHCCL.h"

#include <utility>

#include "csrc/core/NPUCachingAllocator.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUGuard.h"
#include "csrc/distributed/HCCLError.h"
#include "csrc/distributed/LaunchNotice.h"
#include "csrc/distributed/RootInfoExchange.h"
#include "hccl/hccl.h"

namespace c10d_npu {
namespace {

// How long a group that was never shut down waits for its collectives when the program ends.
constexpr std::chrono::milliseconds kFarewell{10'000};

void record_stream(const at::Tensor& tensor, const c10_npu::NPUStream& stream) {
  c10_npu::NPUCachingAllocator::recordStream(tensor.storage().data_ptr(), stream);
}

}  // namespace

ProcessGroupHCCL::ProcessGroupHCCL(c10::intrusive_ptr<c10d::Store> store, int rank, int size,
                                   c10::intrusive_ptr<Options> options)
    : Backend(rank, size),
      store_(std::move(store)),
      options_(std::move(options)),
      environment_(Environment::read()),
      group_(std::make_shared<const std::string>(options_->group_id.empty() ? options_->group_name
                                                                            : options_->group_id)),
      pairs_(size),
      watchdog_(store_->clone(), rank, size, environment_.error_handling) {
  init();
}

ProcessGroupHCCL::~ProcessGroupHCCL() { give_up(std::min(options_->timeout, kFarewell)); }

std::vector<ProcessGroupHCCL::Communicator> ProcessGroupHCCL::communicators() {
  std::lock_guard lock(mutex_);
  std::vector<Communicator> all;
  if (communicator_ != nullptr) all.push_back(communicator_);
  for (const Communicator& pair : pairs_) {
    if (pair != nullptr) all.push_back(pair);
  }
  return all;
}

void ProcessGroupHCCL::shutdown() { give_up(options_->timeout); }

void ProcessGroupHCCL::give_up(std::chrono::milliseconds patience) {
  const bool idle = watchdog_.drain(patience);
  watchdog_.dismiss();
  for (const Communicator& each : communicators()) {
    each->abort(idle ? "its process group was shut down"
                     : "its process group was shut down while collectives were pending");
  }
}

void ProcessGroupHCCL::abort() {
  watchdog_.dismiss();
  for (const Communicator& each : communicators()) each->abort("its process group was aborted");
}

c10d::ErrorType ProcessGroupHCCL::getError() {
  for (const Communicator& each : communicators()) {
    if (each->poll_error()) return c10d::ErrorType::COMM_ERROR;
  }
  return c10d::ErrorType::SUCCESS;
}

void ProcessGroupHCCL::check_device(at::Device device) {
  TORCH_CHECK(device.type() == c10_npu::kNPU, "the hccl backend works on npu tensors, got one on ",
              device, ": move it with .npu(), or use the gloo backend for CPU tensors");
  if (!device_) device_ = device;
  TORCH_CHECK(*device_ == device, "group ", *group_, " uses ", *device_,
              " in this process, got a tensor on ", device,
              ": a process group works on one device per process");
}

ProcessGroupHCCL::Communicator ProcessGroupHCCL::communicator(at::Device device) {
  std::lock_guard lock(mutex_);
  check_device(device);
  if (communicator_ == nullptr) {
    communicator_ = connect(device, std::to_string(connections_), rank_, size_);
    ++connections_;
  }
  return communicator_;
}

ProcessGroupHCCL::Communicator ProcessGroupHCCL::pair_communicator(at::Device device, int peer) {
  std::lock_guard lock(mutex_);
  check_device(device);
  TORCH_CHECK_VALUE(peer >= 0 && peer < size_ && peer != rank_, "rank ", rank_,
                    " cannot exchange messages with rank ", peer, " of a group of ", size_);
  Communicator& pair = pairs_[peer];
  if (pair == nullptr) {
    const std::string key = c10::str(std::min(rank_, peer), ":", std::max(rank_, peer));
    pair = connect(device, key, rank_ < peer ? 0 : 1, 2);
  }
  return pair;
}

ProcessGroupHCCL::Communicator ProcessGroupHCCL::connect(at::Device device, const std::string& key,
                                                         int rank, int size) {
  const c10_npu::NPUGuard guard(device.index());
  const HcclRootInfo root = exchange_root_info(*store_, key, rank, options_->timeout);
  const bool high_priority = options_->is_high_priority_stream || environment_.high_priority;
  return HCCLComm::create(size, root, rank, options_->hccl_config,
                          c10_npu::getNPUStreamFromPool(high_priority, device.index()));
}

std::shared_ptr<CollectiveRecord> ProcessGroupHCCL::make_record(const Call& call,
                                                                const Communicator& communicator) {
  auto& counter = call.point_to_point ? messages_ : collectives_;
  const auto timeout = call.timeout == c10d::kUnsetTimeout ? options_->timeout : call.timeout;
  return std::make_shared<CollectiveRecord>(
      CallId{call.name, ++counter, call.point_to_point, group_}, communicator, timeout,
      timing_.load(std::memory_order_relaxed));
}

ProcessGroupHCCL::Work ProcessGroupHCCL::make_work(const Call& call,
                                                   std::shared_ptr<CollectiveRecord> record,
                                                   Tensors outputs) {
  record->end();
  const bool blocks = environment_.blocking_wait || call.op == c10d::OpType::BARRIER;
  auto work = c10::make_intrusive<WorkHCCL>(rank_, call.op, record, std::move(outputs),
                                            blocks ? HostWait::kUntilDone : HostWait::kNever);
  watchdog_.add(std::move(record));
  return work;
}

ProcessGroupHCCL::Work ProcessGroupHCCL::run(
    const Call& call, const Communicator& communicator, const Tensors& inputs, Tensors outputs,
    c10::function_ref<void(HcclComm, const c10_npu::NPUStream&)> launch) {
  const c10_npu::NPUStream stream = communicator->stream();
  const HcclComm handle = communicator->handle();
  communicator->follow(c10_npu::getCurrentNPUStream(stream.device_index()));
  const c10_npu::NPUStreamGuard guard(stream.unwrap());
  const auto record = coalesced_ ? nullptr : make_record(call, communicator);
  if (record != nullptr) record->begin();
  {
    const LaunchNotice notice(call.name, stream);
    launch(handle, stream);
  }
  for (const at::Tensor& tensor : inputs) record_stream(tensor, stream);
  for (const at::Tensor& tensor : outputs) record_stream(tensor, stream);
  if (record != nullptr) return make_work(call, record, std::move(outputs));
  TORCH_CHECK(coalesced_->communicator == nullptr || coalesced_->communicator == communicator,
              "coalesced calls must use one device");
  coalesced_->communicator = communicator;
  coalesced_->point_to_point &= call.point_to_point;
  coalesced_->outputs.insert(coalesced_->outputs.end(), outputs.begin(), outputs.end());
  return nullptr;
}

void ProcessGroupHCCL::require_no_coalescing(const char* what) const {
  TORCH_CHECK(!coalesced_, what, " cannot be coalesced");
}

void ProcessGroupHCCL::startCoalescing() {
  TORCH_CHECK(!coalesced_, "group ", *group_, " is coalescing already");
  HCCL_CHECK(HcclGroupStart());
  coalesced_.emplace();
}

ProcessGroupHCCL::Work ProcessGroupHCCL::endCoalescing() {
  TORCH_CHECK(coalesced_, "group ", *group_, " is not coalescing");
  const Coalesced coalesced = std::move(*std::exchange(coalesced_, std::nullopt));
  HCCL_CHECK(HcclGroupEnd());
  if (coalesced.communicator == nullptr) return nullptr;
  const Call call{c10d::OpType::COALESCED, "HcclGroup", c10d::kUnsetTimeout,
                  coalesced.point_to_point};
  return make_work(call, make_record(call, coalesced.communicator), coalesced.outputs);
}

}  // namespace c10d_npu
