#include "csrc/distributed/Reduction.h"

#include <ATen/ops/empty_like.h>

#include "csrc/distributed/HCCLTypes.h"

namespace c10d_npu {
namespace {

bool is_converted(at::ScalarType type) { return type == at::kBool || type == at::kByte; }

at::Tensor premultiplied(const at::Tensor& tensor, const c10d::ReduceOp& op) {
  TORCH_CHECK_TYPE(tensor.is_floating_point(), "PREMUL_SUM takes floating point tensors, got ",
                   tensor.scalar_type());
  const auto* factor = dynamic_cast<const c10d::PreMulSumSupplement*>(op.supplement_.get());
  TORCH_CHECK_VALUE(factor != nullptr,
                    "PREMUL_SUM has no factor: make it with "
                    "torch.distributed._make_nccl_premul_sum");
  return factor->tensor_factor.defined() ? tensor.mul(factor->tensor_factor)
                                         : tensor.mul(factor->double_factor);
}

}  // namespace

Reduction::Reduction(const c10d::ReduceOp& op, const at::Tensor& tensor, int size,
                     const char* collective)
    : op_(op),
      size_(size),
      converted_(is_converted(tensor.scalar_type())),
      type_(hccl_reducible_type(converted_ ? at::kInt : tensor.scalar_type(), collective)),
      hccl_op_(hccl_reduce_op(op)) {
  // The sum of booleans is whether any is true.
  if (tensor.scalar_type() == at::kBool && op.op_ == c10d::ReduceOp::SUM) {
    hccl_op_ = HCCL_REDUCE_MAX;
  }
}

at::Tensor Reduction::input(const at::Tensor& tensor) const {
  if (op_.op_ == c10d::ReduceOp::PREMUL_SUM) return premultiplied(tensor, op_);
  return converted_ ? tensor.to(at::kInt) : tensor;
}

at::Tensor Reduction::output(const at::Tensor& tensor) const {
  return converted_ ? at::empty_like(tensor, tensor.options().dtype(at::kInt)) : tensor;
}

void Reduction::finish(const at::Tensor& written, const at::Tensor& tensor) const {
  if (op_.op_ == c10d::ReduceOp::AVG) {
    const bool integral = at::isIntegralType(written.scalar_type(), true);
    integral ? written.div_(size_, "trunc") : written.div_(size_);
  }
  if (converted_) tensor.copy_(written);
}

}  // namespace c10d_npu
