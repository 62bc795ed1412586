// Collectives whose tensors are handed to HCCL as they are. Those that take lists are in
// ListCollectives.cc.
#include "csrc/core/NPUFunctions.h"
#include "csrc/distributed/HCCLError.h"
#include "csrc/distributed/HCCLTypes.h"
#include "csrc/distributed/ProcessGroupHCCL.h"
#include "csrc/distributed/Reduction.h"
#include "csrc/distributed/TensorChecks.h"
#include "hccl/hccl.h"

namespace c10d_npu {

using c10d::OpType;

namespace {

// Where nobody said it: the device that is set, else one that no other rank takes.
c10::DeviceIndex likely_device(int rank) {
  const c10::DeviceIndex devices = c10_npu::device_count_ensure_non_zero();
  // Asked before the current device, which would set device 0.
  for (c10::DeviceIndex device = 0; device < devices; ++device) {
    if (c10_npu::has_primary_context(device)) return c10_npu::current_device();
  }
  return static_cast<c10::DeviceIndex>(rank % devices);
}

}  // namespace

ProcessGroupHCCL::Work ProcessGroupHCCL::allreduce(Tensors& tensors,
                                                   const c10d::AllreduceOptions& options) {
  single(tensors, "all_reduce");
  return allreduce_all(OpType::ALLREDUCE, tensors, options);
}

ProcessGroupHCCL::Work ProcessGroupHCCL::allreduce_coalesced(
    Tensors& tensors, const c10d::AllreduceCoalescedOptions& options) {
  check_list(tensors, "all_reduce_coalesced");
  return allreduce_all(OpType::ALLREDUCE_COALESCED, tensors, options);
}

ProcessGroupHCCL::Work ProcessGroupHCCL::allreduce_all(c10d::OpType op, const Tensors& tensors,
                                                       const c10d::AllreduceOptions& options) {
  std::vector<Reduction> reductions;
  for (const at::Tensor& tensor : tensors) {
    reductions.emplace_back(options.reduceOp, tensor, size_, "all_reduce");
    if (reductions.back().post_processes()) require_no_coalescing("this all_reduce");
  }
  return run({op, "HcclAllReduce", options.timeout}, communicator(tensors.front().device()), {},
             tensors, [&](HcclComm comm, const c10_npu::NPUStream& stream) {
               for (size_t i = 0; i < tensors.size(); ++i) {
                 const at::Tensor read = reductions[i].input(tensors[i]);
                 const at::Tensor written = reductions[i].output(tensors[i]);
                 HCCL_CHECK(HcclAllReduce(read.data_ptr(), written.data_ptr(), read.numel(),
                                          reductions[i].type(), reductions[i].op(), comm, stream));
                 reductions[i].finish(written, tensors[i]);
               }
             });
}

ProcessGroupHCCL::Work ProcessGroupHCCL::broadcast(Tensors& tensors,
                                                   const c10d::BroadcastOptions& options) {
  const at::Tensor tensor = single(tensors, "broadcast");
  check_rank(options.rootRank, size_, "broadcast");
  return run(
      {OpType::BROADCAST, "HcclBroadcast", options.timeout}, communicator(tensor.device()), {},
      {tensor}, [&](HcclComm comm, const c10_npu::NPUStream& stream) {
        HCCL_CHECK(HcclBroadcast(tensor.data_ptr(), tensor.numel(), hccl_type(tensor.scalar_type()),
                                 options.rootRank, comm, stream));
      });
}

ProcessGroupHCCL::Work ProcessGroupHCCL::reduce(Tensors& tensors,
                                                const c10d::ReduceOptions& options) {
  const at::Tensor tensor = single(tensors, "reduce");
  check_rank(options.rootRank, size_, "reduce");
  const Reduction reduction(options.reduceOp, tensor, size_, "reduce");
  if (reduction.post_processes()) require_no_coalescing("this reduce");
  return run(
      {OpType::REDUCE, "HcclReduce", options.timeout}, communicator(tensor.device()), {}, {tensor},
      [&](HcclComm comm, const c10_npu::NPUStream& stream) {
        const at::Tensor read = reduction.input(tensor);
        const at::Tensor written = reduction.output(tensor);
        HCCL_CHECK(HcclReduce(read.data_ptr(), written.data_ptr(), read.numel(), reduction.type(),
                              reduction.op(), options.rootRank, comm, stream));
        if (options.rootRank == rank_) reduction.finish(written, tensor);
      });
}

ProcessGroupHCCL::Work ProcessGroupHCCL::_allgather_base(at::Tensor& output, at::Tensor& input,
                                                         const c10d::AllgatherOptions& options) {
  Tensors outputs{output};
  Tensors inputs{input};
  return allgather_into_tensor_coalesced(outputs, inputs, options);
}

ProcessGroupHCCL::Work ProcessGroupHCCL::allgather_into_tensor_coalesced(
    Tensors& outputs, Tensors& inputs, const c10d::AllgatherOptions& options) {
  check_pairs(outputs, inputs, size_, "all_gather_into_tensor");
  return run(
      {OpType::_ALLGATHER_BASE, "HcclAllGather", options.timeout},
      communicator(inputs.front().device()), inputs, outputs,
      [&](HcclComm comm, const c10_npu::NPUStream& stream) {
        for (size_t i = 0; i < inputs.size(); ++i) {
          HCCL_CHECK(HcclAllGather(inputs[i].data_ptr(), outputs[i].data_ptr(), inputs[i].numel(),
                                   hccl_type(inputs[i].scalar_type()), comm, stream));
        }
      });
}

ProcessGroupHCCL::Work ProcessGroupHCCL::_reduce_scatter_base(
    at::Tensor& output, at::Tensor& input, const c10d::ReduceScatterOptions& options) {
  Tensors outputs{output};
  Tensors inputs{input};
  return reduce_scatter_tensor_coalesced(outputs, inputs, options);
}

ProcessGroupHCCL::Work ProcessGroupHCCL::reduce_scatter_tensor_coalesced(
    Tensors& outputs, Tensors& inputs, const c10d::ReduceScatterOptions& options) {
  check_pairs(inputs, outputs, size_, "reduce_scatter_tensor");
  std::vector<Reduction> reductions;
  for (const at::Tensor& output : outputs) {
    reductions.emplace_back(options.reduceOp, output, size_, "reduce_scatter");
    if (reductions.back().post_processes()) require_no_coalescing("this reduce_scatter");
  }
  return run(
      {OpType::_REDUCE_SCATTER_BASE, "HcclReduceScatter", options.timeout},
      communicator(outputs.front().device()), inputs, outputs,
      [&](HcclComm comm, const c10_npu::NPUStream& stream) {
        for (size_t i = 0; i < inputs.size(); ++i) {
          const at::Tensor read = reductions[i].input(inputs[i]);
          const at::Tensor written = reductions[i].output(outputs[i]);
          HCCL_CHECK(HcclReduceScatter(read.data_ptr(), written.data_ptr(), written.numel(),
                                       reductions[i].type(), reductions[i].op(), comm, stream));
          reductions[i].finish(written, outputs[i]);
        }
      });
}

ProcessGroupHCCL::Work ProcessGroupHCCL::alltoall_base(at::Tensor& output, at::Tensor& input,
                                                       std::vector<int64_t>& output_splits,
                                                       std::vector<int64_t>& input_splits,
                                                       const c10d::AllToAllOptions& options) {
  check_tensor(output, "all_to_all_single");
  check_tensor(input, "all_to_all_single");
  check_same_type(output, input, "all_to_all_single");
  const SplitLayout send(input, input_splits, size_);
  const SplitLayout receive(output, output_splits, size_);
  const HcclDataType type = hccl_type(input.scalar_type());
  return run({OpType::ALLTOALL_BASE, "HcclAlltoAllV", options.timeout},
             communicator(input.device()), {input}, {output},
             [&](HcclComm comm, const c10_npu::NPUStream& stream) {
               HCCL_CHECK(HcclAlltoAllV(input.data_ptr(), send.counts.data(), send.offsets.data(),
                                        type, output.data_ptr(), receive.counts.data(),
                                        receive.offsets.data(), type, comm, stream));
             });
}

ProcessGroupHCCL::Work ProcessGroupHCCL::barrier(const c10d::BarrierOptions& options) {
  at::Device device(c10_npu::kNPU);
  if (options.device) {
    device = *options.device;
  } else if (!options.device_ids.empty()) {
    device.set_index(static_cast<c10::DeviceIndex>(options.device_ids.front()));
  } else if (bound_device_id_) {
    device = *bound_device_id_;
  } else if (device_) {
    device = *device_;
  } else {
    device.set_index(likely_device(rank_));
  }
  return run({OpType::BARRIER, "HcclBarrier", options.timeout}, communicator(device), {}, {},
             [](HcclComm comm, const c10_npu::NPUStream& stream) {
               HCCL_CHECK(HcclBarrier(comm, stream));
             });
}

ProcessGroupHCCL::Work ProcessGroupHCCL::send(Tensors& tensors, int destination, int) {
  const at::Tensor tensor = single(tensors, "send");
  const Communicator pair =
      coalesced_ ? communicator(tensor.device()) : pair_communicator(tensor.device(), destination);
  const uint32_t peer = coalesced_ ? destination : (rank_ < destination ? 1 : 0);
  return run({OpType::SEND, "HcclSend", c10d::kUnsetTimeout, true}, pair, {tensor}, {},
             [&](HcclComm comm, const c10_npu::NPUStream& stream) {
               HCCL_CHECK(HcclSend(tensor.data_ptr(), tensor.numel(),
                                   hccl_type(tensor.scalar_type()), peer, comm, stream));
             });
}

ProcessGroupHCCL::Work ProcessGroupHCCL::recv(Tensors& tensors, int source, int) {
  const at::Tensor tensor = single(tensors, "recv");
  const Communicator pair =
      coalesced_ ? communicator(tensor.device()) : pair_communicator(tensor.device(), source);
  const uint32_t peer = coalesced_ ? source : (rank_ < source ? 1 : 0);
  return run({OpType::RECV, "HcclRecv", c10d::kUnsetTimeout, true}, pair, {}, {tensor},
             [&](HcclComm comm, const c10_npu::NPUStream& stream) {
               HCCL_CHECK(HcclRecv(tensor.data_ptr(), tensor.numel(),
                                   hccl_type(tensor.scalar_type()), peer, comm, stream));
             });
}

}  // namespace c10d_npu
