#pragma once

#include "csrc/aten/vendor/Rules.h"

namespace at_npu::vendor {

template <class T>
void check_adam(const char* op, const T& grad, const T& var, const T& m, const T& v) {
  check_same_shape(op, "grad", grad, "var", var);
  check_alike(op, "m", m, "var", var);
  check_alike(op, "v", v, "var", var);
}

template <class T>
void check_adam_w(const T& grad, const std::optional<T>& max_grad_norm, bool amsgrad, const T& var,
                  const T& m, const T& v) {
  constexpr char op[] = "npu_apply_adam_w";
  check_adam(op, grad, var, m, v);
  if (!amsgrad) return;
  TORCH_CHECK(is_given(max_grad_norm), op, ": amsgrad needs max_grad_norm");
  check_same_shape(op, "max_grad_norm", *max_grad_norm, "var", var);
}

}  // namespace at_npu::vendor
