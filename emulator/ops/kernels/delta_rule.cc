#include "emulator/ops/functions/delta_rule.h"

#include <ATen/TensorOperators.h>

#include "emulator/ops/kernels/operand.h"

// The gated delta rule, step by step in float32: S is [Nv heads, Dv, Dk],
// S = decayed S + beta (v - decayed S k) k', o = S q.
namespace ascend_emulator {
namespace {

class Rule {
 public:
  Rule(const Tensor& query, const Tensor& key, const Tensor& value, const OptionalTensor& beta,
       const OptionalTensor& g, const OptionalTensor& gk, double scale)
      : query_(spread(wide(query) * scale, value.size(1))),
        key_(spread(wide(key), value.size(1))),
        value_(wide(value)),
        beta_(wide(beta)),
        g_(g),
        gk_(gk) {}

  // The state after token t, whose output goes to `out`.
  Tensor step(int64_t t, Tensor state, const Tensor& out) const {
    if (g_) state = state * (*g_)[t].exp().reshape({-1, 1, 1});
    if (gk_) state = state * (*gk_)[t].exp().unsqueeze(-2);
    const Tensor k = key_[t].unsqueeze(-2);
    Tensor change = value_[t] - (state * k).sum(-1);
    if (beta_) change = change * (*beta_)[t].unsqueeze(-1);
    state = state + change.unsqueeze(-1) * k;
    out[t].copy_((state * query_[t].unsqueeze(-2)).sum(-1));
    return state;
  }

 private:
  // A key head may serve several value heads.
  static Tensor spread(const Tensor& tokens, int64_t heads) {
    return tokens.repeat_interleave(heads / tokens.size(1), 1);
  }

  Tensor query_, key_, value_;
  OptionalTensor beta_, g_, gk_;
};

int64_t number(const Tensor& tensor, int64_t i) { return tensor[i].item<int64_t>(); }

}  // namespace

EMULATE(aclnnRecurrentGatedDeltaRule,
        [](Tensor query, Tensor key, Tensor value, OptionalTensor beta, Tensor state,
           Tensor lengths, Tensor places, OptionalTensor g, OptionalTensor gk,
           OptionalTensor accepted, double scale, Tensor out) {
          const Rule rule(query, key, value, beta, g, gk, scale);
          int64_t begin = 0;
          for (int64_t b = 0; b < lengths.numel(); ++b) {
            const int64_t end = begin + number(lengths, b);
            // Behind the last token that was accepted of those that were guessed before.
            const int64_t first = begin + (accepted ? number(*accepted, b) - 1 : 0);
            Tensor current = wide(state[number(places, first)]);
            for (int64_t t = begin; t < end; ++t) {
              current = rule.step(t, current, out);
              state[number(places, t)].copy_(current);
            }
            begin = end;
          }
        })
EMULATE(aclnnChunkGatedDeltaRule,
        [](Tensor query, Tensor key, Tensor value, OptionalTensor beta, Tensor initial,
           Tensor lengths, double scale, OptionalTensor g, Tensor out, Tensor final_state) {
          const Rule rule(query, key, value, beta, g, {}, scale);
          int64_t begin = 0;
          for (int64_t b = 0; b < lengths.numel(); ++b) {
            const int64_t end = begin + number(lengths, b);
            Tensor current = wide(initial[b]);
            for (int64_t t = begin; t < end; ++t) current = rule.step(t, current, out);
            final_state[b].copy_(current);
            begin = end;
          }
        })

}  // namespace ascend_emulator
