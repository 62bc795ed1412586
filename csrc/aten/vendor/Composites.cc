#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <optional>
#include <tuple>

// Vendor operators that are made of others, and differentiable because those are.
namespace at_npu::vendor {
namespace {

using OptionalTensor = std::optional<at::Tensor>;

template <class Signature>
c10::TypedOperatorHandle<Signature> find(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

at::Tensor npu_moe_token_unpermute_with_routing_map(const at::Tensor& permuted_tokens,
                                                    const at::Tensor& sorted_indices,
                                                    at::IntArrayRef restore_shape,
                                                    const OptionalTensor& probs,
                                                    const OptionalTensor& routing_map,
                                                    bool drop_and_pad) {
  using Results = std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor>;
  static const auto op =
      find<Results(const at::Tensor&, const at::Tensor&, at::IntArrayRef, const OptionalTensor&,
                   const OptionalTensor&, bool)>("npu::_npu_moe_token_unpermute_with_routing_map");
  return std::get<0>(
      op.call(permuted_tokens, sorted_indices, restore_shape, probs, routing_map, drop_and_pad));
}

}  // namespace

TORCH_LIBRARY_IMPL(npu, CompositeImplicitAutograd, m) {
  m.impl("npu_moe_token_unpermute_with_routing_map", &npu_moe_token_unpermute_with_routing_map);
}

}  // namespace at_npu::vendor
