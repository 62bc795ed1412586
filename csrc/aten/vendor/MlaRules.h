#pragma once

#include "csrc/aten/vendor/Rules.h"

// Multi-head latent attention: T tokens, N heads, see mla.yaml.
namespace at_npu::vendor {

template <class T>
Int<T> token_count(const T& x) {
  return x.dim() == 2 ? x.size(0) : Int<T>(x.size(0) * x.size(1));
}

template <class T>
void check_kv_norm_rope(const char* op, const T& kv, const T& gamma, const T& cos, const T& sin,
                        const T& index, const T& k_cache, const T& ckv_cache,
                        const std::optional<T>& k_scale, const std::optional<T>& ckv_scale,
                        const std::optional<T>& k_offset, const std::optional<T>& ckv_offset,
                        std::string_view cache_mode, bool has_value) {
  check_one_of(op, "cache_mode", cache_mode,
               {"Norm", "PA", "PA_BNSD", "PA_NZ", "PA_BLK_BNSD", "PA_BLK_NZ"});
  TORCH_CHECK_NOT_IMPLEMENTED(!has_value, op, ": v is not supported. Leave it out.");
  check_dim(op, "kv", kv, 4, 4);
  check_dim(op, "gamma", gamma, 1, 1);
  check_dim(op, "cos", cos, 4, 4);
  check_alike(op, "sin", sin, "cos", cos);
  check_same_but_last(op, "cos", cos, "kv", kv);
  TORCH_CHECK(kv.size(1) == 1 && kv.size(3) == gamma.size(0) + cos.size(3), op,
              ": kv must have shape [B, 1, S, ", gamma.size(0), " of gamma + ", cos.size(3),
              " of cos], got ", kv.sizes());
  check_dim(op, "k_cache", k_cache, 4, 4);
  check_dim(op, "ckv_cache", ckv_cache, 4, 4);
  check_shape(op, "k_cache", k_cache,
              {k_cache.size(0), k_cache.size(1), k_cache.size(2), cos.size(3)});
  check_shape(op, "ckv_cache", ckv_cache,
              {k_cache.size(0), k_cache.size(1), k_cache.size(2), gamma.size(0)});
  if (cache_mode == "Norm") {
    check_shape(op, "index", index, {kv.size(0), kv.size(2)});
  } else if (cache_mode.starts_with("PA_BLK")) {
    const Int<T> size = k_cache.size(1);
    check_shape(op, "index", index, {Int<T>(kv.size(0) * ((kv.size(2) + size - 1) / size))});
  } else {
    check_shape(op, "index", index, {Int<T>(kv.size(0) * kv.size(2))});
  }
  TORCH_CHECK((k_cache.scalar_type() == at::kChar) == is_given(k_scale) &&
                  (ckv_cache.scalar_type() == at::kChar) == is_given(ckv_scale),
              op, ": int8 caches, and no others, need k_rope_scale and c_kv_scale");
  for (const auto& [name, tensor] :
       {std::pair("k_rope_scale", k_scale), std::pair("k_rope_offset", k_offset)}) {
    check_if_given(op, name, tensor, {cos.size(3)});
  }
  for (const auto& [name, tensor] :
       {std::pair("c_kv_scale", ckv_scale), std::pair("c_kv_offset", ckv_offset)}) {
    check_if_given(op, name, tensor, {gamma.size(0)});
  }
}

template <class T>
void check_mla_prolog(const char* op, const T& x, const T& weight_dq, const T& weight_uq_qr,
                      const T& weight_uk, const T& weight_dkv_kr, const T& gamma_cq,
                      const T& gamma_ckv, const T& sin, const T& cos, const T& kv_cache,
                      const T& kr_cache, std::string_view cache_mode) {
  check_one_of(op, "cache_mode", cache_mode, {"PA_BSND", "PA_NZ"});
  check_dim(op, "token_x", x, 2, 3);
  check_dim(op, "weight_dq", weight_dq, 2, 2);
  check_dim(op, "weight_uk", weight_uk, 3, 3);
  check_dim(op, "rope_sin", sin, x.dim(), x.dim());
  check_alike(op, "rope_cos", cos, "rope_sin", sin);
  const Int<T> hidden = x.size(-1), rank_q = weight_dq.size(1), rank_kv = weight_uk.size(2);
  const Int<T> rotated = sin.size(-1), heads = weight_uk.size(0);
  check_shape(op, "weight_dq", weight_dq, {hidden, rank_q});
  check_shape(op, "weight_uq_qr", weight_uq_qr,
              {rank_q, Int<T>(heads * (weight_uk.size(1) + rotated))});
  check_shape(op, "weight_dkv_kr", weight_dkv_kr, {hidden, Int<T>(rank_kv + rotated)});
  check_shape(op, "rmsnorm_gamma_cq", gamma_cq, {rank_q});
  check_shape(op, "rmsnorm_gamma_ckv", gamma_ckv, {rank_kv});
  check_shape(op, "rope_sin", sin, resized(x, -1, rotated).sizes);
  check_dim(op, "kv_cache", kv_cache, 4, 4);
  check_dim(op, "kr_cache", kr_cache, 4, 4);
  check_shape(op, "kv_cache", kv_cache, {kv_cache.size(0), kv_cache.size(1), Int<T>(1), rank_kv});
  check_shape(op, "kr_cache", kr_cache, {kv_cache.size(0), kv_cache.size(1), Int<T>(1), rotated});
}

// Where the tokens go, and the scales of int8: one for each token or column.
template <class T>
void check_mla_scales(const char* op, const T& x, const T& weight_dq, const T& weight_uq_qr,
                      const T& weight_dkv_kr, const T& gamma_ckv, const T& sin,
                      const std::optional<T>& index, const std::optional<T>& scale_x,
                      const std::optional<T>& scale_dq, const std::optional<T>& scale_uq_qr,
                      const std::optional<T>& scale_dkv_kr, const std::optional<T>& scale_ckv,
                      const std::optional<T>& scale_ckr, const std::optional<T>& smooth_cq) {
  const auto check_columns = [&](const char* name, const std::optional<T>& scale, Int<T> columns) {
    check_if_given(op, name, scale, {Int<T>(1), columns});
  };
  check_if_given(op, "cache_index", index, Ints<T>(x.sizes().begin(), x.sizes().end() - 1));
  check_if_given(op, "dequant_scale_x", scale_x, {token_count(x), Int<T>(1)});
  check_columns("dequant_scale_w_dq", scale_dq, weight_dq.size(1));
  check_columns("dequant_scale_w_uq_qr", scale_uq_qr, weight_uq_qr.size(1));
  check_columns("dequant_scale_w_dkv_kr", scale_dkv_kr, weight_dkv_kr.size(1));
  check_columns("smooth_scales_cq", smooth_cq, weight_dq.size(1));
  check_columns("quant_scale_ckr", scale_ckr, sin.size(-1));
  if (is_given(scale_ckv) && scale_ckv->numel() != 1) {
    check_columns("quant_scale_ckv", scale_ckv, gamma_ckv.size(0));
  }
}

template <class T>
void check_mla_prolog_modes(const char* op, const std::optional<T>& index, const T& x,
                            int64_t weight_mode, int64_t cache_mode, int64_t cache_storage,
                            int64_t scale_storage) {
  TORCH_CHECK_NOT_IMPLEMENTED(
      weight_mode >= 0 && weight_mode <= 2 && cache_mode >= 0 && cache_mode <= 2, op,
      ": weight_quant_mode and kv_cache_quant_mode can be 0, 1 and 2, got ", weight_mode, " and ",
      cache_mode);
  TORCH_CHECK_NOT_IMPLEMENTED(cache_storage == 0 && scale_storage == 0, op,
                              ": ckvkr_repo_mode and quant_scale_repo_mode must be 0");
  TORCH_CHECK(is_given(index), op, ": it needs cache_index with its cache_mode");
  TORCH_CHECK((x.scalar_type() == at::kChar) == (weight_mode == 2), op,
              ": token_x must be int8 with weight_quant_mode 2, and only then");
}

template <class T>
at::ScalarType mla_query_dtype(const T& x, const std::optional<T>& cache_scale) {
  return x.scalar_type() == at::kChar && is_given(cache_scale) ? at::kChar : at::kBFloat16;
}
inline at::ScalarType mla_query_dtype(int64_t weight_mode, int64_t cache_mode) {
  return weight_mode == 2 && cache_mode == 1 ? at::kChar : at::kBFloat16;
}

template <class T>
Ints<T> mla_heads(const T& x, const T& weight_uk, Int<T> depth) {
  Ints<T> sizes(x.sizes().begin(), x.sizes().end() - 1);
  sizes.append({weight_uk.size(0), std::move(depth)});
  return sizes;
}
template <class T>
Output<T> mla_query(const T& x, const T& weight_uk, at::ScalarType dtype) {
  return sized(x, mla_heads(x, weight_uk, weight_uk.size(2)), dtype);
}
template <class T>
Output<T> mla_query_rope(const T& x, const T& weight_uk, const T& sin) {
  return sized(x, mla_heads(x, weight_uk, sin.size(-1)), sin.scalar_type());
}

// Of an int8 query; otherwise `otherwise` elements.
template <class T>
Output<T> mla_query_scale(const T& x, const T& weight_uk, at::ScalarType dtype, int64_t otherwise) {
  if (dtype != at::kChar) return sized(x, {Int<T>(otherwise)}, at::kFloat);
  return sized(x, {token_count(x), weight_uk.size(0), Int<T>(1)}, at::kFloat);
}
template <class T>
Output<T> mla_query_norm(const T& x, const T& weight_dq, const T& weight_uq_qr, bool wanted) {
  if (!wanted) return sized(x, {0}, weight_uq_qr.scalar_type());
  Output<T> result = resized(x, -1, weight_dq.size(1));
  result.dtype = weight_uq_qr.scalar_type();
  return result;
}
template <class T>
Output<T> mla_query_norm_scale(const T& x, const T& weight_uq_qr, bool wanted) {
  if (!wanted || weight_uq_qr.scalar_type() != at::kChar) return sized(x, {0}, at::kFloat);
  return sized(x, {token_count(x), Int<T>(1)}, at::kFloat);
}

}  // namespace at_npu::vendor
