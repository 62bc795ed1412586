#include "emulator/ops/functions/mla.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/floor_divide.h>
#include <ATen/ops/matmul.h>

#include "emulator/ops/kernels/cache_slots.h"
#include "emulator/ops/kernels/operand.h"
#include "emulator/ops/kernels/optional.h"

// What multi-head latent attention does before the attention itself.
namespace ascend_emulator {
namespace {

Tensor rms_norm(const Tensor& x, const Tensor& gamma, double epsilon) {
  return x * (x.square().mean(-1, true) + epsilon).rsqrt() * wide(gamma);
}

// Rotated by the angles of cos and sin: pairs are neighbours in x, halves in the result.
Tensor rotated(const Tensor& x, const Tensor& cos, const Tensor& sin) {
  const auto pair = x.unflatten(-1, {-1, 2}).unbind(-1);
  return at::cat({pair[0], pair[1]}, -1) * wide(cos) + at::cat({-pair[1], pair[0]}, -1) * wide(sin);
}

// As int8, if the cache wants that.
Tensor quantized(const Tensor& x, const OptionalTensor& scale, const OptionalTensor& offset = {}) {
  if (!has(scale)) return x;
  Tensor result = x * scale->flatten();
  if (has(offset)) result = result + offset->flatten();
  return result.round().clamp(-128, 127);
}

struct Quantized {
  Tensor values, scale;  // scale: one for each row
};
Quantized by_rows(const Tensor& x) {
  const Tensor scale = x.abs().amax(-1, true) / 127;
  return {(x / scale).round().clamp(-128, 127), scale};
}

// x @ weight in float32; integers with their scales for rows and columns.
Tensor product(const Tensor& x, const Tensor& weight, const OptionalTensor& rows,
               const OptionalTensor& columns) {
  Tensor result =
      at::matmul(x.to(at::kDouble), weight.to(at::kDouble)).to(at::kFloat);  // integers stay exact
  if (has(rows)) result = result * rows->reshape({-1, 1});
  if (has(columns)) result = result * columns->reshape({1, -1});
  return result;
}

void write(const Tensor& rows, const Tensor& cache, const Tensor& slots, bool nz) {
  if (cache.numel() > 0) write_slots(rows, nz ? nz_slots(cache) : cache, slots);
}

// The slot of each token [batch * length].
Tensor slots_of(const Tensor& index, std::string_view mode, int64_t batch, int64_t length,
                int64_t block_size) {
  const Tensor place = at::arange(length, at::kLong);
  const Tensor wanted = index.reshape({batch, -1}).to(at::kLong);
  if (mode == "Norm") {
    return (wanted + at::arange(batch, at::kLong).unsqueeze(-1) * block_size).flatten();
  }
  if (!mode.starts_with("PA_BLK")) return wanted.flatten();
  // The first slot of each block.
  const Tensor first = wanted.index_select(1, at::floor_divide(place, block_size));
  const Tensor slots =
      at::floor_divide(first, block_size) * block_size + place.remainder(block_size);
  return slots.masked_fill(first < 0, -1).flatten();
}

struct Prolog {
  Tensor x, weight_dq, weight_uq_qr, weight_uk, weight_dkv_kr, gamma_cq, gamma_ckv, sin, cos;
  Tensor slots, kv_cache, kr_cache;
  OptionalTensor scale_x, scale_dq, scale_uq_qr, scale_dkv_kr, scale_ckv, scale_ckr, smooth;
  double epsilon_cq, epsilon_ckv;
  std::string_view cache_mode;
  double factor_q = 1, factor_kv = 1;

  void run(Tensor query, Tensor query_rope, OptionalTensor query_scale, OptionalTensor norm,
           OptionalTensor norm_scale) const {
    TORCH_CHECK(cache_mode == "PA_BSND" || cache_mode == "PA_NZ", "cacheMode is ", cache_mode,
                "; PA_BSND and PA_NZ are emulated.");
    const Tensor tokens = x.reshape({-1, x.size(-1)});
    const Tensor cosine = wide(cos).reshape({tokens.size(0), -1});
    const Tensor sine = wide(sin).reshape({tokens.size(0), -1});
    store_queries(tokens, cosine, sine, query, query_rope, query_scale, norm, norm_scale);

    const int64_t rank = weight_uk.size(2);
    const Tensor both = product(tokens, weight_dkv_kr, scale_x, scale_dkv_kr);
    const Tensor latent = rms_norm(both.slice(-1, 0, rank), gamma_ckv, epsilon_ckv) * factor_kv;
    const bool nz = cache_mode == "PA_NZ";
    write(quantized(latent, scale_ckv), kv_cache, slots, nz);
    write(quantized(rotated(both.slice(-1, rank), cosine, sine), scale_ckr), kr_cache, slots, nz);
  }

 private:
  void store_queries(const Tensor& tokens, const Tensor& cosine, const Tensor& sine, Tensor& query,
                     Tensor& query_rope, OptionalTensor& query_scale, OptionalTensor& norm,
                     OptionalTensor& norm_scale) const {
    Tensor latent =
        rms_norm(product(tokens, weight_dq, scale_x, scale_dq), gamma_cq, epsilon_cq) * factor_q;
    OptionalTensor latent_scale;
    if (weight_uq_qr.scalar_type() == at::kChar) {
      const Quantized made = by_rows(has(smooth) ? latent * smooth->flatten() : latent);
      latent = made.values;
      latent_scale = made.scale;
    } else {
      latent = latent.to(weight_uq_qr.scalar_type());
    }
    if (has(norm)) norm->copy_(latent.reshape(norm->sizes()));
    if (has(norm_scale)) norm_scale->copy_(*latent_scale);

    const int64_t heads = weight_uk.size(0), depth = weight_uk.size(1);
    const Tensor up =
        product(latent, weight_uq_qr, latent_scale, scale_uq_qr).unflatten(-1, {heads, -1});
    // The hardware keeps both parts in bfloat16 between its products.
    const Tensor part = up.slice(-1, 0, depth).to(at::kBFloat16).to(at::kFloat);
    Tensor found = at::matmul(part.transpose(0, 1), wide(weight_uk)).transpose(0, 1);
    Tensor turned = rotated(up.slice(-1, depth), cosine.unsqueeze(1), sine.unsqueeze(1));
    if (query.scalar_type() == at::kChar) {
      TORCH_CHECK(has(scale_ckv) && has(query_scale), "an int8 query needs quantScaleCkvOptional ",
                  "and dequantScaleQNopeOutOptional.");
      const Quantized made = by_rows(found.to(at::kBFloat16).to(at::kFloat));
      found = made.values;
      // So that one scale serves for the scores of both parts.
      turned = turned * scale_ckv->flatten()[0] / made.scale;
      query_scale->copy_(made.scale);
    }
    query.copy_(found.reshape(query.sizes()));
    query_rope.copy_(turned.reshape(query_rope.sizes()));
  }
};

}  // namespace

EMULATE(aclnnKvRmsNormRopeCache, [](Tensor kv, Tensor gamma, Tensor cos, Tensor sin, Tensor index,
                                    Tensor k_cache, Tensor ckv_cache, OptionalTensor k_scale,
                                    OptionalTensor ckv_scale, OptionalTensor k_offset,
                                    OptionalTensor ckv_offset, double epsilon,
                                    std::string_view mode, bool with_results, Tensor k_rope,
                                    Tensor c_kv) {
  const int64_t rank = gamma.size(0);
  const Tensor values = wide(kv);
  const Tensor latent = rms_norm(values.slice(-1, 0, rank), gamma, epsilon);
  const Tensor turned = rotated(values.slice(-1, rank), cos, sin);
  const bool norm = mode == "Norm";
  const Tensor slots =
      slots_of(index, mode, kv.size(0), kv.size(2), norm ? k_cache.size(2) : k_cache.size(1));
  const bool nz = mode.ends_with("NZ");
  const auto blocks = [&](const Tensor& cache) { return norm ? cache.squeeze(1) : cache; };
  write(quantized(turned, k_scale, k_offset).flatten(0, 2), blocks(k_cache), slots, nz);
  write(quantized(latent, ckv_scale, ckv_offset).flatten(0, 2), blocks(ckv_cache), slots, nz);
  if (!with_results) return;
  k_rope.copy_(turned);
  c_kv.copy_(latent);
})

EMULATE(aclnnMlaPrologV2WeightNz,
        [](Tensor x, Tensor weight_dq, Tensor weight_uq_qr, Tensor weight_uk, Tensor weight_dkv_kr,
           Tensor gamma_cq, Tensor gamma_ckv, Tensor sin, Tensor cos, Tensor slots, Tensor kv_cache,
           Tensor kr_cache, OptionalTensor scale_x, OptionalTensor scale_dq,
           OptionalTensor scale_uq_qr, OptionalTensor scale_dkv_kr, OptionalTensor scale_ckv,
           OptionalTensor scale_ckr, OptionalTensor smooth, double epsilon_cq, double epsilon_ckv,
           std::string_view mode, Tensor query, Tensor query_rope, OptionalTensor query_scale) {
          Prolog{x,         weight_dq,  weight_uq_qr, weight_uk,    weight_dkv_kr, gamma_cq,
                 gamma_ckv, sin,        cos,          slots,        kv_cache,      kr_cache,
                 scale_x,   scale_dq,   scale_uq_qr,  scale_dkv_kr, scale_ckv,     scale_ckr,
                 smooth,    epsilon_cq, epsilon_ckv,  mode}
              .run(query, query_rope, query_scale, {}, {});
        })

EMULATE(aclnnMlaPrologV3WeightNz,
        [](Tensor x, Tensor weight_dq, Tensor weight_uq_qr, Tensor weight_uk, Tensor weight_dkv_kr,
           Tensor gamma_cq, Tensor gamma_ckv, Tensor sin, Tensor cos, Tensor kv_cache,
           Tensor kr_cache, OptionalTensor slots, OptionalTensor scale_x, OptionalTensor scale_dq,
           OptionalTensor scale_uq_qr, OptionalTensor scale_dkv_kr, OptionalTensor scale_ckv,
           OptionalTensor scale_ckr, OptionalTensor smooth, OptionalTensor lengths,
           OptionalTensor clip, double epsilon_cq, double epsilon_ckv, std::string_view mode,
           int64_t, int64_t, int64_t, int64_t cache_storage, int64_t scale_storage, int64_t,
           double factor_q, double factor_kv, Tensor query, Tensor query_rope,
           OptionalTensor query_scale, OptionalTensor norm, OptionalTensor norm_scale) {
          TORCH_CHECK(
              slots && !has(lengths) && !has(clip) && cache_storage == 0 && scale_storage == 0,
              "actualSeqLen, kNopeClipAlpha and the modes of storage are not emulated.");
          Prolog{x,         weight_dq,  weight_uq_qr, weight_uk,    weight_dkv_kr, gamma_cq,
                 gamma_ckv, sin,        cos,          *slots,       kv_cache,      kr_cache,
                 scale_x,   scale_dq,   scale_uq_qr,  scale_dkv_kr, scale_ckv,     scale_ckr,
                 smooth,    epsilon_cq, epsilon_ckv,  mode,         factor_q,      factor_kv}
              .run(query, query_rope, query_scale, norm, norm_scale);
        })

}  // namespace ascend_emulator
