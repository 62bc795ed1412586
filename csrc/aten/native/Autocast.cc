#include <ATen/autocast_mode.h>
#include <torch/library.h>

// Which operators run in the lower precision, in float32, or in the widest type of their arguments
// under torch.autocast("npu"): PyTorch's own lists. Everything else passes through.
namespace at_npu {
namespace {

using namespace at;  // NOLINT: the lists below name its types
using namespace at::autocast;

// Its gradient overflows in float16, so that PyTorch forbids it under autocast on every device.
Tensor binary_cross_entropy_refused(const Tensor&, const Tensor&, const std::optional<Tensor>&,
                                    int64_t) {
  TORCH_CHECK(false,
              "torch.nn.functional.binary_cross_entropy and torch.nn.BCELoss are unsafe to "
              "autocast. Use binary_cross_entropy_with_logits or BCEWithLogitsLoss, or leave "
              "autocast for this call with torch.autocast(\"npu\", enabled=False).");
}

TORCH_LIBRARY_IMPL(_, AutocastPrivateUse1, m) { m.fallback(torch::CppFunction::makeFallthrough()); }

TORCH_LIBRARY_IMPL(aten, AutocastPrivateUse1, m) {
#define NPU_AUTOCAST_LOWER(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, lower_precision_fp)
#define NPU_AUTOCAST_FP32(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, fp32)
#define NPU_AUTOCAST_FP32_SET_OPT_DTYPE(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, fp32_set_opt_dtype)
#define NPU_AUTOCAST_PROMOTE(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, promote)
  AT_FORALL_LOWER_PRECISION_FP(NPU_AUTOCAST_LOWER)
  AT_FORALL_FP32(NPU_AUTOCAST_FP32)
  AT_FORALL_FP32_SET_OPT_DTYPE(NPU_AUTOCAST_FP32_SET_OPT_DTYPE)
  AT_FORALL_PROMOTE(NPU_AUTOCAST_PROMOTE)
  AT_FORALL_DIFFERENT_REDISPATCH_SIGNATURE(KERNEL_DIFFERENT_REDISPATCH_SIGNATURE_PRIVATEUSEONE)
  m.impl("binary_cross_entropy", &binary_cross_entropy_refused);
}

}  // namespace
}  // namespace at_npu
