#pragma once

#include <ATen/core/Tensor.h>

#include <torch/csrc/distributed/c10d/Types.hpp>

#include "hccl/hccl_types.h"

namespace c10d_npu {

// How HCCL does a reduction of PyTorch: types it does not reduce (bool, uint8) travel as int32,
// AVG is a sum that is divided afterwards, PREMUL_SUM one that is multiplied before.
class Reduction {
 public:
  Reduction(const c10d::ReduceOp& op, const at::Tensor& tensor, int size, const char* collective);

  HcclDataType type() const { return type_; }
  HcclReduceOp op() const { return hccl_op_; }
  // Whether HCCL's result is not yet the result.
  bool post_processes() const { return converted_ || op_ == c10d::ReduceOp::AVG; }

  // What HCCL reads for `tensor`: the tensor itself if nothing has to be done.
  at::Tensor input(const at::Tensor& tensor) const;
  // Where HCCL writes for `tensor`.
  at::Tensor output(const at::Tensor& tensor) const;
  // Turns what HCCL wrote to output(tensor) into the result.
  void finish(const at::Tensor& written, const at::Tensor& tensor) const;

 private:
  const c10d::ReduceOp op_;
  const int size_;
  const bool converted_;
  HcclDataType type_;
  HcclReduceOp hccl_op_;
};

}  // namespace c10d_npu
