#pragma once

#include <c10/util/FunctionRef.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

#include "csrc/core/NPUStream.h"
#include "csrc/distributed/CollectiveRecord.h"
#include "csrc/distributed/Environment.h"
#include "csrc/distributed/HCCLComm.h"
#include "csrc/distributed/HCCLConfig.h"
#include "csrc/distributed/Watchdog.h"
#include "csrc/distributed/WorkHCCL.h"

namespace c10d_npu {

inline constexpr char kBackendName[] = "hccl";

// PyTorch's process group on HCCL. A group uses one device per process: the first one that a
// collective gets. Its communicator is made then; each pair of ranks that exchange messages has one
// of its own. Every call is asynchronous on the communicator's stream, which starts after what the
// current stream has been given so far.
class ProcessGroupHCCL final : public c10d::Backend {
 public:
  struct Options final : c10d::Backend::Options {
    explicit Options(bool high_priority = false)
        : c10d::Backend::Options(kBackendName), is_high_priority_stream(high_priority) {}

    bool is_high_priority_stream;
    std::string group_id;
    HCCLConfig hccl_config;
  };

  ProcessGroupHCCL(c10::intrusive_ptr<c10d::Store> store, int rank, int size,
                   c10::intrusive_ptr<Options> options);
  ~ProcessGroupHCCL() override;

  const std::string getBackendName() const override { return kBackendName; }
  c10::intrusive_ptr<c10d::Backend::Options> getBackendOptions() override { return options_; }
  const c10::intrusive_ptr<Options>& options() const { return options_; }
  void setTimeout(std::chrono::milliseconds timeout) override { options_->timeout = timeout; }

  bool supportsCoalescing() const override { return true; }
  void startCoalescing() override;
  c10::intrusive_ptr<c10d::Work> endCoalescing() override;

  using Work = c10::intrusive_ptr<c10d::Work>;
  using Tensors = std::vector<at::Tensor>;
  using TensorLists = std::vector<Tensors>;

  Work broadcast(Tensors& tensors, const c10d::BroadcastOptions& options) override;
  Work allreduce(Tensors& tensors, const c10d::AllreduceOptions& options) override;
  Work allreduce_coalesced(Tensors& tensors,
                           const c10d::AllreduceCoalescedOptions& options) override;
  Work reduce(Tensors& tensors, const c10d::ReduceOptions& options) override;
  Work allgather(TensorLists& outputs, Tensors& inputs,
                 const c10d::AllgatherOptions& options) override;
  Work _allgather_base(at::Tensor& output, at::Tensor& input,
                       const c10d::AllgatherOptions& options) override;
  Work allgather_into_tensor_coalesced(Tensors& outputs, Tensors& inputs,
                                       const c10d::AllgatherOptions& options) override;
  Work reduce_scatter(Tensors& outputs, TensorLists& inputs,
                      const c10d::ReduceScatterOptions& options) override;
  Work _reduce_scatter_base(at::Tensor& output, at::Tensor& input,
                            const c10d::ReduceScatterOptions& options) override;
  Work reduce_scatter_tensor_coalesced(Tensors& outputs, Tensors& inputs,
                                       const c10d::ReduceScatterOptions& options) override;
  Work alltoall_base(at::Tensor& output, at::Tensor& input, std::vector<int64_t>& output_splits,
                     std::vector<int64_t>& input_splits,
                     const c10d::AllToAllOptions& options) override;
  Work alltoall(Tensors& outputs, Tensors& inputs, const c10d::AllToAllOptions& options) override;
  Work scatter(Tensors& outputs, TensorLists& inputs, const c10d::ScatterOptions& options) override;
  Work gather(TensorLists& outputs, Tensors& inputs, const c10d::GatherOptions& options) override;
  Work send(Tensors& tensors, int destination, int tag) override;
  Work recv(Tensors& tensors, int source, int tag) override;
  Work barrier(const c10d::BarrierOptions& options) override;

  // Ranks count their collectives from zero, which needs no agreement.
  void setSequenceNumberForGroup() override {}
  uint64_t getSequenceNumberForGroup() override { return collectives_; }
  void enableCollectivesTiming() override { timing_ = true; }

  void eagerConnectSingleDevice(at::Device device) override { communicator(device); }
  c10d::ErrorType getError() override;
  // Waits for what is in flight, then gives the communicators up.
  void shutdown() override;
  // Gives them up at once; pending collectives fail.
  void abort() override;

  std::string communicator_name(at::Device device) { return communicator(device)->name(); }

 private:
  using Communicator = std::shared_ptr<HCCLComm>;
  struct Call {
    c10d::OpType op;
    const char* name;
    std::chrono::milliseconds timeout = c10d::kUnsetTimeout;
    bool point_to_point = false;
  };
  // Collectives between startCoalescing and endCoalescing.
  struct Coalesced {
    Communicator communicator;
    Tensors outputs;
    bool point_to_point = true;
  };

  void give_up(std::chrono::milliseconds patience);

  Communicator communicator(at::Device device);
  Communicator pair_communicator(at::Device device, int peer);
  Communicator connect(at::Device device, const std::string& key, int rank, int size);
  void check_device(at::Device device);
  std::vector<Communicator> communicators();

  // Calls `launch` with the communicator's stream as the current one. HCCL takes its handle when it
  // is called, which waits until what was queued on the stream before has been handed to CANN.
  Work run(const Call& call, const Communicator& communicator, const Tensors& inputs,
           Tensors outputs, c10::function_ref<void(HcclComm, const c10_npu::NPUStream&)> launch);
  // What works on HCCL's result cannot run before the coalesced calls are launched.
  void require_no_coalescing(const char* what) const;
  Work allreduce_all(c10d::OpType op, const Tensors& tensors,
                     const c10d::AllreduceOptions& options);
  Work make_work(const Call& call, std::shared_ptr<CollectiveRecord> record, Tensors outputs);
  std::shared_ptr<CollectiveRecord> make_record(const Call& call, const Communicator& communicator);

  const c10::intrusive_ptr<c10d::Store> store_;
  const c10::intrusive_ptr<Options> options_;
  const Environment environment_;
  const std::shared_ptr<const std::string> group_;
  std::atomic<uint64_t> collectives_{0};
  std::atomic<uint64_t> messages_{0};
  std::atomic<bool> timing_{false};

  std::mutex mutex_;  // the communicators
  std::optional<at::Device> device_;
  Communicator communicator_;
  std::vector<Communicator> pairs_;  // by peer
  int connections_ = 0;
  std::optional<Coalesced> coalesced_;

  Watchdog watchdog_;  // last: its thread uses nothing of the above once this is gone
};

}  // namespace c10d_npu
