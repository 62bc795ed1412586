// Collectives on lists of tensors. HCCL takes one buffer, so the lists go through a flat one, on
// the communicator's stream.
#include <ATen/ops/empty.h>

#include "csrc/distributed/HCCLError.h"
#include "csrc/distributed/HCCLTypes.h"
#include "csrc/distributed/ProcessGroupHCCL.h"
#include "csrc/distributed/Reduction.h"
#include "csrc/distributed/TensorChecks.h"
#include "hccl/hccl.h"

namespace c10d_npu {
namespace {

using c10d::OpType;

at::Tensor flat_like(const Tensors& parts) {
  int64_t elements = 0;
  for (const at::Tensor& part : parts) elements += part.numel();
  return at::empty({elements}, parts.front().options());
}

// The part of `flat` that belongs to each tensor, in the tensor's shape.
template <typename Use>
void for_each_part(const at::Tensor& flat, const Tensors& parts, Use use) {
  int64_t begin = 0;
  for (const at::Tensor& part : parts) {
    use(part, flat.narrow(0, begin, part.numel()).view(part.sizes()));
    begin += part.numel();
  }
}

void copy_to_flat(const Tensors& parts, const at::Tensor& flat) {
  for_each_part(flat, parts,
                [](const at::Tensor& part, const at::Tensor& place) { place.copy_(part); });
}

void copy_from_flat(const at::Tensor& flat, const Tensors& parts) {
  for_each_part(flat, parts,
                [](const at::Tensor& part, const at::Tensor& place) { part.copy_(place); });
}

}  // namespace

ProcessGroupHCCL::Work ProcessGroupHCCL::allgather(TensorLists& outputs, Tensors& inputs,
                                                   const c10d::AllgatherOptions& options) {
  const at::Tensor input = single(inputs, "all_gather");
  TORCH_CHECK_VALUE(outputs.size() == 1, "all_gather takes one list of outputs, got ",
                    outputs.size());
  const Tensors& list = outputs.front();
  const bool even = check_per_rank(list, size_, "all_gather");
  check_same_type(list[rank_], input, "all_gather");
  TORCH_CHECK_VALUE(list[rank_].numel() == input.numel(), "all_gather: output ", rank_, " has ",
                    list[rank_].numel(), " elements, this rank's input has ", input.numel());
  require_no_coalescing("all_gather with a list of outputs");
  const HcclDataType type = hccl_type(input.scalar_type());
  const auto gather_even = [&](HcclComm comm, const c10_npu::NPUStream& stream) {
    const at::Tensor flat = flat_like(list);
    HCCL_CHECK(HcclAllGather(input.data_ptr(), flat.data_ptr(), input.numel(), type, comm, stream));
    copy_from_flat(flat, list);
  };
  // HCCL gathers equal sizes only: otherwise each rank broadcasts its own.
  const auto gather_uneven = [&](HcclComm comm, const c10_npu::NPUStream& stream) {
    list[rank_].copy_(input);
    for (int root = 0; root < size_; ++root) {
      HCCL_CHECK(
          HcclBroadcast(list[root].data_ptr(), list[root].numel(), type, root, comm, stream));
    }
  };
  const Call call{OpType::ALLGATHER, even ? "HcclAllGather" : "HcclBroadcast", options.timeout};
  const auto communicator = this->communicator(input.device());
  return even ? run(call, communicator, {input}, list, gather_even)
              : run(call, communicator, {input}, list, gather_uneven);
}

ProcessGroupHCCL::Work ProcessGroupHCCL::reduce_scatter(Tensors& outputs, TensorLists& inputs,
                                                        const c10d::ReduceScatterOptions& options) {
  const at::Tensor output = single(outputs, "reduce_scatter");
  TORCH_CHECK_VALUE(inputs.size() == 1, "reduce_scatter takes one list of inputs, got ",
                    inputs.size());
  const Tensors& list = inputs.front();
  const bool even = check_per_rank(list, size_, "reduce_scatter");
  check_same_type(list[rank_], output, "reduce_scatter");
  TORCH_CHECK_VALUE(list[rank_].numel() == output.numel(), "reduce_scatter: input ", rank_, " has ",
                    list[rank_].numel(), " elements, this rank's output has ", output.numel());
  require_no_coalescing("reduce_scatter with a list of inputs");
  const Reduction reduction(options.reduceOp, output, size_, "reduce_scatter");
  const auto scatter_even = [&](HcclComm comm, const c10_npu::NPUStream& stream) {
    const at::Tensor flat = flat_like(list);
    copy_to_flat(list, flat);
    const at::Tensor read = reduction.input(flat);
    const at::Tensor written = reduction.output(output);
    HCCL_CHECK(HcclReduceScatter(read.data_ptr(), written.data_ptr(), written.numel(),
                                 reduction.type(), reduction.op(), comm, stream));
    reduction.finish(written, output);
  };
  // HCCL scatters equal sizes only: otherwise one reduction per receiving rank.
  const auto scatter_uneven = [&](HcclComm comm, const c10_npu::NPUStream& stream) {
    for (int root = 0; root < size_; ++root) {
      const at::Tensor read = reduction.input(list[root]);
      const at::Tensor written = reduction.output(root == rank_ ? output : list[root]);
      void* target = root == rank_ ? written.data_ptr() : read.data_ptr();
      HCCL_CHECK(HcclReduce(read.data_ptr(), target, read.numel(), reduction.type(), reduction.op(),
                            root, comm, stream));
      if (root == rank_) reduction.finish(written, output);
    }
  };
  const Call call{OpType::REDUCE_SCATTER, even ? "HcclReduceScatter" : "HcclReduce",
                  options.timeout};
  const auto communicator = this->communicator(output.device());
  return even ? run(call, communicator, list, {output}, scatter_even)
              : run(call, communicator, list, {output}, scatter_uneven);
}

ProcessGroupHCCL::Work ProcessGroupHCCL::alltoall(Tensors& outputs, Tensors& inputs,
                                                  const c10d::AllToAllOptions& options) {
  check_per_rank(outputs, size_, "all_to_all");
  check_per_rank(inputs, size_, "all_to_all");
  check_same_type(outputs.front(), inputs.front(), "all_to_all");
  require_no_coalescing("all_to_all");
  const HcclDataType type = hccl_type(inputs.front().scalar_type());
  const SplitLayout send(inputs);
  const SplitLayout receive(outputs);
  return run({OpType::ALLTOALL, "HcclAlltoAllV", options.timeout},
             communicator(inputs.front().device()), inputs, outputs,
             [&](HcclComm comm, const c10_npu::NPUStream& stream) {
               const at::Tensor sent = flat_like(inputs);
               const at::Tensor received = flat_like(outputs);
               copy_to_flat(inputs, sent);
               HCCL_CHECK(HcclAlltoAllV(sent.data_ptr(), send.counts.data(), send.offsets.data(),
                                        type, received.data_ptr(), receive.counts.data(),
                                        receive.offsets.data(), type, comm, stream));
               copy_from_flat(received, outputs);
             });
}

ProcessGroupHCCL::Work ProcessGroupHCCL::scatter(Tensors& outputs, TensorLists& inputs,
                                                 const c10d::ScatterOptions& options) {
  const at::Tensor output = single(outputs, "scatter");
  check_rank(options.rootRank, size_, "scatter");
  const bool root = options.rootRank == rank_;
  TORCH_CHECK_VALUE(inputs.size() == (root ? 1u : 0u),
                    "scatter takes a list of inputs on the root rank, and none elsewhere");
  const Tensors list = root ? inputs.front() : Tensors{};
  if (root) {
    TORCH_CHECK_VALUE(check_per_rank(list, size_, "scatter"),
                      "scatter: the inputs must have one size");
    check_same_type(list.front(), output, "scatter");
  }
  require_no_coalescing("scatter");
  return run(
      {OpType::SCATTER, "HcclScatter", options.timeout}, communicator(output.device()), list,
      {output}, [&](HcclComm comm, const c10_npu::NPUStream& stream) {
        at::Tensor flat;
        if (root) {
          flat = flat_like(list);
          copy_to_flat(list, flat);
        }
        HCCL_CHECK(HcclScatter(root ? flat.data_ptr() : nullptr, output.data_ptr(), output.numel(),
                               hccl_type(output.scalar_type()), options.rootRank, comm, stream));
      });
}

ProcessGroupHCCL::Work ProcessGroupHCCL::gather(TensorLists& outputs, Tensors& inputs,
                                                const c10d::GatherOptions& options) {
  const at::Tensor input = single(inputs, "gather");
  check_rank(options.rootRank, size_, "gather");
  const bool root = options.rootRank == rank_;
  TORCH_CHECK_VALUE(outputs.size() == (root ? 1u : 0u),
                    "gather takes a list of outputs on the root rank, and none elsewhere");
  const Tensors list = root ? outputs.front() : Tensors{};
  if (root) {
    check_per_rank(list, size_, "gather");
    check_same_type(list.front(), input, "gather");
  }
  require_no_coalescing("gather");
  const HcclDataType type = hccl_type(input.scalar_type());
  // HCCL has no gather.
  return run(
      {OpType::GATHER, "HcclGroup", options.timeout}, communicator(input.device()), {input}, list,
      [&](HcclComm comm, const c10_npu::NPUStream& stream) {
        if (!root) {
          HCCL_CHECK(
              HcclSend(input.data_ptr(), input.numel(), type, options.rootRank, comm, stream));
          return;
        }
        HCCL_CHECK(HcclGroupStart());
        for (int rank = 0; rank < size_; ++rank) {
          if (rank == rank_) continue;
          HCCL_CHECK(HcclRecv(list[rank].data_ptr(), list[rank].numel(), type, rank, comm, stream));
        }
        HCCL_CHECK(HcclGroupEnd());
        list[rank_].copy_(input);
      });
}

}  // namespace c10d_npu
