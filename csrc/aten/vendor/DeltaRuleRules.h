#pragma once

#include "csrc/aten/vendor/Rules.h"

// The gated delta rule: T tokens, see delta_rule.yaml.
namespace at_npu::vendor {

template <class T>
void check_rule_inputs(const char* op, const T& query, const T& key, const T& value,
                       const std::optional<T>& beta, const std::optional<T>& g, bool has_scale) {
  TORCH_CHECK(has_scale, op, ": scale must be given, such as Dk ** -0.5");
  check_dim(op, "query", query, 3, 3);
  check_dim(op, "value", value, 3, 3);
  check_alike(op, "key", key, "query", query);
  TORCH_CHECK(value.size(0) == query.size(0) && value.size(1) % query.size(1) == 0, op, ": value ",
              value.sizes(), " must have the tokens of query ", query.sizes(),
              " and a multiple of its heads");
  for (const auto& [name, tensor] : {std::pair("beta", beta), std::pair("g", g)}) {
    if (is_given(tensor)) check_shape(op, name, *tensor, {value.size(0), value.size(1)});
  }
}

template <class T>
void check_rule_state(const char* op, const char* name, const T& state, const T& key,
                      const T& value) {
  check_dim(op, name, state, 4, 4);
  check_shape(op, name, state, {state.size(0), value.size(1), value.size(2), key.size(2)});
}

template <class T>
void check_recurrent_rule(const char* op, const T& query, const T& key, const T& value,
                          const T& state, const std::optional<T>& beta, bool has_scale,
                          const std::optional<T>& lengths, const std::optional<T>& places,
                          const std::optional<T>& g, const std::optional<T>& gk,
                          const std::optional<T>& accepted) {
  check_rule_inputs(op, query, key, value, beta, g, has_scale);
  check_rule_state(op, "state", state, key, value);
  TORCH_CHECK(is_given(lengths) && is_given(places), op,
              ": actual_seq_lengths and ssm_state_indices must be given");
  check_dim(op, "actual_seq_lengths", *lengths, 1, 1);
  check_shape(op, "ssm_state_indices", *places, {query.size(0)});
  if (is_given(gk)) check_shape(op, "gk", *gk, {value.size(0), value.size(1), key.size(2)});
  if (is_given(accepted)) {
    check_same_shape(op, "num_accepted_tokens", *accepted, "actual_seq_lengths", *lengths);
  }
}

template <class T>
void check_chunk_rule(const T& query, const T& key, const T& value, const std::optional<T>& beta,
                      const std::optional<T>& initial_state, const std::optional<T>& lengths,
                      bool has_scale, const std::optional<T>& g) {
  constexpr char op[] = "npu_chunk_gated_delta_rule";
  check_rule_inputs(op, query, key, value, beta, g, has_scale);
  TORCH_CHECK(is_given(beta) && is_given(initial_state) && is_given(lengths), op,
              ": beta, initial_state and actual_seq_lengths must be given");
  check_rule_state(op, "initial_state", *initial_state, key, value);
  check_shape(op, "actual_seq_lengths", *lengths, {initial_state->size(0)});
}

}  // namespace at_npu::vendor
