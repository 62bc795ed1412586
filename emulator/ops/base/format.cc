#include <algorithm>

#include "emulator/ops/base/dtype.h"
#include "emulator/ops/base/objects.h"
#include "emulator/runtime/error.h"

namespace {

constexpr int64_t kBlockRows = 16, kBlockBytes = 32;

bool is_base(int format) {
  return format == ACL_FORMAT_ND || format == ACL_FORMAT_NCL || format == ACL_FORMAT_NCHW ||
         format == ACL_FORMAT_NCDHW;
}

}  // namespace

extern "C" aclnnStatus aclnnNpuFormatCastCalculateSizeAndFormat(const aclTensor* srcTensor,
                                                                int dstFormat, int additionalDtype,
                                                                int64_t** dstShape,
                                                                uint64_t* dstShapeSize,
                                                                int* actualFormat) {
  using ascend_emulator::fail;
  constexpr char kName[] = "aclnnNpuFormatCastCalculateSizeAndFormat";
  if (srcTensor == nullptr || dstShape == nullptr || dstShapeSize == nullptr ||
      actualFormat == nullptr) {
    return fail(ACLNN_ERR_PARAM_NULLPTR, "%s: tensor and results must not be null.", kName);
  }
  if (additionalDtype != -1) {
    return fail(ACLNN_ERR_PARAM_INVALID, "%s: additionalDtype must be -1 on this device, not %d.",
                kName, additionalDtype);
  }
  const bool to_blocks = dstFormat == ACL_FORMAT_FRACTAL_NZ;
  if (!to_blocks && !is_base(dstFormat)) {
    return fail(ACLNN_ERR_PARAM_INVALID,
                "%s: format %s (%d) is not emulated; the base formats and FRACTAL_NZ are.", kName,
                ascend_emulator::format_name(static_cast<aclFormat>(dstFormat)), dstFormat);
  }
  const auto view = srcTensor->view.span();
  if (view.size() < 2 || view.size() > 6) {
    return fail(ACLNN_ERR_PARAM_INVALID, "%s: srcTensor must have 2 to 6 dimensions, not %zu.",
                kName, view.size());
  }
  const auto item = static_cast<int64_t>(ascend_emulator::dtype_size(srcTensor->dtype));
  if (item == 0) {
    return fail(ACLNN_ERR_PARAM_INVALID, "%s: srcTensor has data type %s.", kName,
                ascend_emulator::dtype_name(srcTensor->dtype));
  }
  const size_t size = to_blocks ? view.size() + 2 : view.size();
  *dstShape = new int64_t[size];
  std::copy(view.begin(), view.end(), *dstShape);
  if (to_blocks) {
    const int64_t width = kBlockBytes / item, rows = view[view.size() - 2], columns = view.back();
    int64_t* last = *dstShape + view.size() - 2;
    last[0] = (columns + width - 1) / width;
    last[1] = (rows + kBlockRows - 1) / kBlockRows;
    last[2] = kBlockRows;
    last[3] = width;
  }
  *dstShapeSize = size;
  *actualFormat = dstFormat;
  return ACLNN_SUCCESS;
}
