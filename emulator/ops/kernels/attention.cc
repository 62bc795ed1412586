#include "emulator/ops/functions/attention.h"

#include "emulator/ops/kernels/training_attention.h"

// Every version of a function adds parameters to those of another.
namespace ascend_emulator {

EMULATE(aclnnFlashAttentionScore,
        [](Tensor query, Tensor key, Tensor value, OptionalTensor shift, OptionalTensor drop_bits,
           OptionalTensor, OptionalTensor mask, OptionalIntArray, double scale, double keep,
           int64_t before, int64_t after, int64_t heads, std::string_view layout, int64_t,
           int64_t sparse_mode, Tensor softmax_max, Tensor softmax_sum, OptionalTensor,
           Tensor out) {
          Attention{query, key,    value, shift, drop_bits, mask,       scale,
                    keep,  before, after, heads, layout,    sparse_mode}
              .forward(softmax_max, softmax_sum, out);
        })
EMULATE(aclnnFlashAttentionScoreV2,
        [](Tensor query, Tensor key, Tensor value, OptionalTensor shift, OptionalTensor drop_bits,
           OptionalTensor, OptionalTensor mask, OptionalIntArray, OptionalIntArray query_start,
           OptionalIntArray key_start, double scale, double keep, int64_t before, int64_t after,
           int64_t heads, std::string_view layout, int64_t, int64_t sparse_mode, int64_t shift_type,
           Tensor softmax_max, Tensor softmax_sum, OptionalTensor, Tensor out) {
          Attention{query,       key,  value,  shift,      drop_bits,   mask,
                    scale,       keep, before, after,      heads,       layout,
                    sparse_mode, {},   {},     shift_type, query_start, key_start}
              .forward(softmax_max, softmax_sum, out);
        })
EMULATE(aclnnFlashAttentionScoreV3,
        [](Tensor query, Tensor key, Tensor value, OptionalTensor shift, OptionalTensor drop_bits,
           OptionalTensor, OptionalTensor mask, OptionalTensor sink, OptionalIntArray,
           OptionalIntArray query_start, OptionalIntArray key_start, double scale, double keep,
           int64_t before, int64_t after, int64_t heads, std::string_view layout, int64_t,
           int64_t sparse_mode, int64_t shift_type, Tensor softmax_max, Tensor softmax_sum,
           OptionalTensor, Tensor out) {
          Attention{query, key,        value,       shift,     drop_bits, mask,        scale,
                    keep,  before,     after,       heads,     layout,    sparse_mode, {},
                    {},    shift_type, query_start, key_start, {},        {},          sink}
              .forward(softmax_max, softmax_sum, out);
        })
EMULATE(aclnnFlashAttentionVarLenScore,
        [](Tensor query, Tensor key, Tensor value, OptionalTensor shift, OptionalTensor drop_bits,
           OptionalTensor, OptionalTensor mask, OptionalIntArray, OptionalIntArray query_ends,
           OptionalIntArray key_ends, double scale, double keep, int64_t before, int64_t after,
           int64_t heads, std::string_view layout, int64_t, int64_t sparse_mode, Tensor softmax_max,
           Tensor softmax_sum, OptionalTensor, Tensor out) {
          Attention{query,  key,   value, shift,  drop_bits,   mask,       scale,   keep,
                    before, after, heads, layout, sparse_mode, query_ends, key_ends}
              .forward(softmax_max, softmax_sum, out);
        })
EMULATE(aclnnFlashAttentionVarLenScoreV2,
        [](Tensor query, Tensor key, Tensor value, OptionalTensor shift, OptionalTensor drop_bits,
           OptionalTensor, OptionalTensor mask, OptionalIntArray, OptionalIntArray query_ends,
           OptionalIntArray key_ends, OptionalIntArray query_start, OptionalIntArray key_start,
           double scale, double keep, int64_t before, int64_t after, int64_t heads,
           std::string_view layout, int64_t, int64_t sparse_mode, int64_t shift_type,
           Tensor softmax_max, Tensor softmax_sum, OptionalTensor, Tensor out) {
          Attention{query,       key,        value,    shift,      drop_bits,   mask,
                    scale,       keep,       before,   after,      heads,       layout,
                    sparse_mode, query_ends, key_ends, shift_type, query_start, key_start}
              .forward(softmax_max, softmax_sum, out);
        })
EMULATE(aclnnFlashAttentionVarLenScoreV3,
        [](Tensor query, OptionalTensor query_rope, Tensor key, OptionalTensor key_rope,
           Tensor value, OptionalTensor shift, OptionalTensor drop_bits, OptionalTensor,
           OptionalTensor mask, OptionalIntArray, OptionalIntArray query_ends,
           OptionalIntArray key_ends, OptionalIntArray query_start, OptionalIntArray key_start,
           double scale, double keep, int64_t before, int64_t after, int64_t heads,
           std::string_view layout, int64_t, int64_t sparse_mode, int64_t shift_type,
           Tensor softmax_max, Tensor softmax_sum, OptionalTensor, Tensor out) {
          Attention{query,      key,         value,       shift,      drop_bits,
                    mask,       scale,       keep,        before,     after,
                    heads,      layout,      sparse_mode, query_ends, key_ends,
                    shift_type, query_start, key_start,   query_rope, key_rope}
              .forward(softmax_max, softmax_sum, out);
        })
EMULATE(aclnnFlashAttentionVarLenScoreV4,
        [](Tensor query, Tensor key, Tensor value, OptionalTensor shift, OptionalTensor drop_bits,
           OptionalTensor, OptionalTensor mask, OptionalIntArray, OptionalIntArray query_ends,
           OptionalIntArray key_ends, double scale, double keep, int64_t before, int64_t after,
           int64_t heads, std::string_view layout, int64_t, int64_t sparse_mode, std::string_view,
           Tensor softmax_max, Tensor softmax_sum, OptionalTensor, Tensor out) {
          Attention{query,  key,   value, shift,  drop_bits,   mask,       scale,   keep,
                    before, after, heads, layout, sparse_mode, query_ends, key_ends}
              .forward(softmax_max, softmax_sum, out);
        })
EMULATE(aclnnFlashAttentionVarLenScoreV5,
        [](Tensor query, OptionalTensor query_rope, Tensor key, OptionalTensor key_rope,
           Tensor value, OptionalTensor shift, OptionalTensor drop_bits, OptionalTensor,
           OptionalTensor mask, OptionalTensor sink, OptionalIntArray, OptionalIntArray query_ends,
           OptionalIntArray key_ends, OptionalIntArray query_start, OptionalIntArray key_start,
           double scale, double keep, int64_t before, int64_t after, int64_t heads,
           std::string_view layout, int64_t, int64_t sparse_mode, int64_t shift_type,
           std::string_view, Tensor softmax_max, Tensor softmax_sum, OptionalTensor, Tensor out) {
          Attention{query,       key,        value,    shift,      drop_bits,   mask,
                    scale,       keep,       before,   after,      heads,       layout,
                    sparse_mode, query_ends, key_ends, shift_type, query_start, key_start,
                    query_rope,  key_rope,   sink}
              .forward(softmax_max, softmax_sum, out);
        })

EMULATE(aclnnFlashAttentionScoreGrad,
        [](Tensor query, Tensor key, Tensor value, Tensor grad, OptionalTensor shift,
           OptionalTensor drop_bits, OptionalTensor, OptionalTensor mask, OptionalTensor maximum,
           OptionalTensor sum, OptionalTensor, OptionalTensor, OptionalIntArray, double scale,
           double keep, int64_t before, int64_t after, int64_t heads, std::string_view layout,
           int64_t, int64_t sparse_mode, Tensor of_query, Tensor of_key, Tensor of_value,
           OptionalTensor of_shift) {
          Attention{query, key,    value, shift, drop_bits, mask,       scale,
                    keep,  before, after, heads, layout,    sparse_mode}
              .backward(grad, maximum, sum, {of_query, of_key, of_value, of_shift});
        })
EMULATE(aclnnFlashAttentionScoreGradV2,
        [](Tensor query, Tensor key, Tensor value, Tensor grad, OptionalTensor shift,
           OptionalTensor drop_bits, OptionalTensor, OptionalTensor mask, OptionalTensor maximum,
           OptionalTensor sum, OptionalTensor, OptionalTensor, OptionalIntArray,
           OptionalIntArray query_start, OptionalIntArray key_start, double scale, double keep,
           int64_t before, int64_t after, int64_t heads, std::string_view layout, int64_t,
           int64_t sparse_mode, int64_t shift_type, Tensor of_query, Tensor of_key, Tensor of_value,
           OptionalTensor of_shift) {
          Attention{query,       key,  value,  shift,      drop_bits,   mask,
                    scale,       keep, before, after,      heads,       layout,
                    sparse_mode, {},   {},     shift_type, query_start, key_start}
              .backward(grad, maximum, sum, {of_query, of_key, of_value, of_shift});
        })
EMULATE(aclnnFlashAttentionScoreGradV3,
        [](Tensor query, Tensor key, Tensor value, Tensor grad, OptionalTensor shift,
           OptionalTensor drop_bits, OptionalTensor, OptionalTensor mask, OptionalTensor maximum,
           OptionalTensor sum, OptionalTensor, OptionalTensor, OptionalTensor sink,
           OptionalIntArray, OptionalIntArray query_start, OptionalIntArray key_start, double scale,
           double keep, int64_t before, int64_t after, int64_t heads, std::string_view layout,
           int64_t, int64_t sparse_mode, int64_t shift_type, Tensor of_query, Tensor of_key,
           Tensor of_value, OptionalTensor of_shift, OptionalTensor of_sink) {
          Attention{query, key,        value,       shift,     drop_bits, mask,        scale,
                    keep,  before,     after,       heads,     layout,    sparse_mode, {},
                    {},    shift_type, query_start, key_start, {},        {},          sink}
              .backward(grad, maximum, sum,
                        {of_query, of_key, of_value, of_shift, {}, {}, of_sink});
        })
EMULATE(aclnnFlashAttentionUnpaddingScoreGrad,
        [](Tensor query, Tensor key, Tensor value, Tensor grad, OptionalTensor shift,
           OptionalTensor drop_bits, OptionalTensor, OptionalTensor mask, OptionalTensor maximum,
           OptionalTensor sum, OptionalTensor, OptionalTensor, OptionalIntArray,
           OptionalIntArray query_ends, OptionalIntArray key_ends, double scale, double keep,
           int64_t before, int64_t after, int64_t heads, std::string_view layout, int64_t,
           int64_t sparse_mode, Tensor of_query, Tensor of_key, Tensor of_value, OptionalTensor) {
          Attention{query,  key,   value, shift,  drop_bits,   mask,       scale,   keep,
                    before, after, heads, layout, sparse_mode, query_ends, key_ends}
              .backward(grad, maximum, sum, {of_query, of_key, of_value, {}});
        })
EMULATE(aclnnFlashAttentionUnpaddingScoreGradV2,
        [](Tensor query, Tensor key, Tensor value, Tensor grad, OptionalTensor shift,
           OptionalTensor drop_bits, OptionalTensor, OptionalTensor mask, OptionalTensor maximum,
           OptionalTensor sum, OptionalTensor, OptionalTensor, OptionalIntArray,
           OptionalIntArray query_ends, OptionalIntArray key_ends, OptionalIntArray query_start,
           OptionalIntArray key_start, double scale, double keep, int64_t before, int64_t after,
           int64_t heads, std::string_view layout, int64_t, int64_t sparse_mode, int64_t shift_type,
           Tensor of_query, Tensor of_key, Tensor of_value, OptionalTensor) {
          Attention{query,       key,        value,    shift,      drop_bits,   mask,
                    scale,       keep,       before,   after,      heads,       layout,
                    sparse_mode, query_ends, key_ends, shift_type, query_start, key_start}
              .backward(grad, maximum, sum, {of_query, of_key, of_value, {}});
        })
EMULATE(aclnnFlashAttentionUnpaddingScoreGradV3,
        [](Tensor query, OptionalTensor query_rope, Tensor key, OptionalTensor key_rope,
           Tensor value, Tensor grad, OptionalTensor shift, OptionalTensor drop_bits,
           OptionalTensor, OptionalTensor mask, OptionalTensor maximum, OptionalTensor sum,
           OptionalTensor, OptionalTensor, OptionalIntArray, OptionalIntArray query_ends,
           OptionalIntArray key_ends, OptionalIntArray query_start, OptionalIntArray key_start,
           double scale, double keep, int64_t before, int64_t after, int64_t heads,
           std::string_view layout, int64_t, int64_t sparse_mode, int64_t shift_type,
           Tensor of_query, OptionalTensor of_query_rope, Tensor of_key, OptionalTensor of_key_rope,
           Tensor of_value, OptionalTensor) {
          Attention{query,      key,         value,       shift,      drop_bits,
                    mask,       scale,       keep,        before,     after,
                    heads,      layout,      sparse_mode, query_ends, key_ends,
                    shift_type, query_start, key_start,   query_rope, key_rope}
              .backward(grad, maximum, sum,
                        {of_query, of_key, of_value, {}, of_query_rope, of_key_rope});
        })
EMULATE(aclnnFlashAttentionUnpaddingScoreGradV4,
        [](Tensor query, Tensor key, Tensor value, Tensor grad, OptionalTensor shift,
           OptionalTensor drop_bits, OptionalTensor, OptionalTensor mask, OptionalTensor maximum,
           OptionalTensor sum, OptionalTensor, OptionalTensor, OptionalIntArray,
           OptionalIntArray query_ends, OptionalIntArray key_ends, double scale, double keep,
           int64_t before, int64_t after, int64_t heads, std::string_view layout, int64_t,
           int64_t sparse_mode, Tensor of_query, Tensor of_key, Tensor of_value, OptionalTensor,
           std::string_view) {
          Attention{query,  key,   value, shift,  drop_bits,   mask,       scale,   keep,
                    before, after, heads, layout, sparse_mode, query_ends, key_ends}
              .backward(grad, maximum, sum, {of_query, of_key, of_value, {}});
        })
EMULATE(aclnnFlashAttentionUnpaddingScoreGradV5,
        [](Tensor query, OptionalTensor query_rope, Tensor key, OptionalTensor key_rope,
           Tensor value, Tensor grad, OptionalTensor shift, OptionalTensor drop_bits,
           OptionalTensor, OptionalTensor mask, OptionalTensor maximum, OptionalTensor sum,
           OptionalTensor, OptionalTensor, OptionalTensor sink, OptionalIntArray,
           OptionalIntArray query_ends, OptionalIntArray key_ends, OptionalIntArray query_start,
           OptionalIntArray key_start, double scale, double keep, int64_t before, int64_t after,
           int64_t heads, std::string_view layout, int64_t, int64_t sparse_mode, int64_t shift_type,
           std::string_view, Tensor of_query, OptionalTensor of_query_rope, Tensor of_key,
           OptionalTensor of_key_rope, Tensor of_value, OptionalTensor, OptionalTensor of_sink) {
          Attention{query,       key,        value,    shift,      drop_bits,   mask,
                    scale,       keep,       before,   after,      heads,       layout,
                    sparse_mode, query_ends, key_ends, shift_type, query_start, key_start,
                    query_rope,  key_rope,   sink}
              .backward(grad, maximum, sum,
                        {of_query, of_key, of_value, {}, of_query_rope, of_key_rope, of_sink});
        })

}  // namespace ascend_emulator
