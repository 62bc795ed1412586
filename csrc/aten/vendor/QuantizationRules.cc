#include "csrc/aten/vendor/QuantizationRules.h"

#include <algorithm>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/DataType.h"
#include "csrc/aten/Outputs.h"
#include "csrc/aten/aclnn/quantization.h"

namespace at_npu::vendor {

at::ScalarType output_dtype_of(const char* op, std::optional<int64_t> dtype,
                               at::ScalarType otherwise) {
  if (!dtype.has_value()) return otherwise;
  TORCH_CHECK_NOT_IMPLEMENTED(
      *dtype >= 0 && *dtype < static_cast<int64_t>(at::ScalarType::NumOptions), op,
      ": the output dtype must be one of torch's, got the number ", *dtype);
  return static_cast<at::ScalarType>(*dtype);
}

void check_no_dtypes(const char* op, std::initializer_list<std::optional<int64_t>> dtypes) {
  TORCH_CHECK_NOT_IMPLEMENTED(
      std::ranges::none_of(dtypes, [](const auto& dtype) { return dtype.has_value(); }), op,
      ": arguments that name another dtype than the tensor's are not supported. Leave them out.");
}

at::ScalarType quantized_dtype(const char* op, int64_t dtype) {
  switch (static_cast<at::ScalarType>(dtype)) {
    case at::kChar:
    case at::kQInt8:
      return at::kChar;
    case at::kByte:
    case at::kQUInt8:
      return at::kByte;
    case at::kInt:
    case at::kQInt32:
      return at::kInt;
    default:
      TORCH_CHECK_NOT_IMPLEMENTED(false, op,
                                  ": dtype must be torch.int8, uint8 or int32 (or their "
                                  "qint8, quint8, qint32), got the number ",
                                  dtype);
  }
}

int64_t acl_number(at::ScalarType dtype) { return acl_data_type(dtype); }

at::Tensor hardware_scale(const at::Tensor& scale, const std::optional<at::Tensor>& offset,
                          const std::optional<at::Tensor>& pertoken_scale, const at::Tensor& out) {
  const bool as_word = scale.scalar_type() == at::kFloat && !is_given(pertoken_scale) &&
                       (out.scalar_type() == at::kChar || out.scalar_type() == at::kHalf);
  if (scale.scalar_type() == at::kLong) return scale.view(at::kUInt64);
  if (!as_word) return scale;
  const at::Tensor word = new_like(scale, at::kUInt64);
  ACLNN_CALL(aclnnTransQuantParamV2, scale, offset, word);
  return word;
}

void check_perms(at::IntArrayRef perm_x1, at::IntArrayRef perm_x2, at::IntArrayRef perm_y) {
  const auto check = [](const char* name, at::IntArrayRef perm,
                        std::initializer_list<std::array<int64_t, 3>> allowed) {
    TORCH_CHECK(std::ranges::any_of(allowed, [&](const auto& one) { return perm == one; }),
                "npu_transpose_batchmatmul: ", name, " is ", perm,
                "; see its documentation for "
                "what it may be");
  };
  check("perm_x1", perm_x1, {{0, 1, 2}, {1, 0, 2}});
  check("perm_x2", perm_x2, {{0, 1, 2}, {0, 2, 1}});
  check("perm_y", perm_y, {{1, 0, 2}});
}

}  // namespace at_npu::vendor
