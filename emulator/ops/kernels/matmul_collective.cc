#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>

#include "emulator/ops/exchange.h"
#include "emulator/ops/functions/collective.h"
#include "emulator/ops/kernels/operand.h"
#include "emulator/ops/kernels/scale_word.h"

// Matrix products that are reduced, gathered or scattered among the ranks of a communicator.
namespace ascend_emulator {
namespace {

void check_sum(std::string_view op) {
  TORCH_CHECK(op == "sum", "reduceOp is ", op, "; it must be sum.");
}

// (x1 @ x2 + bias) * x2_scale * x1_scale + x3; the scales are those of int8 matrices.
struct Product {
  Tensor x1, x2;
  OptionalTensor bias, x1_scale, x2_scale, x3;

  Tensor of(const Tensor& left, const OptionalTensor& left_scale) const {
    const bool is_int8 = left.scalar_type() == at::kChar;
    TORCH_CHECK(is_int8 == x2_scale.has_value(),
                "int8 matrices need a scale, and others take none.");
    const auto type = is_int8 ? at::kDouble : at::kFloat;
    Tensor result = at::matmul(left.to(type), x2.to(type));
    if (bias) result = result + bias->to(type);
    result = result.to(at::kFloat);
    if (x2_scale) result = result * decoded_scale(*x2_scale);
    if (left_scale) {
      auto rows = result.sizes().vec();
      rows.back() = 1;
      result = result * left_scale->reshape(rows);
    }
    return x3 ? result + wide(*x3) : result;
  }
  Tensor value() const { return of(x1, x1_scale); }
};

struct AllReduced {
  const char* name;
  Product product;
  Tensor out;

  const char* group() const { return name; }
  Transfer transfer(int64_t) const {
    return {Transfer::Kind::kAllReduce, acl_type(out.scalar_type()), out.numel(), out.numel()};
  }
  void before(int64_t, Tensor sent) const { sent.copy_(product.value().flatten()); }
  void after(int64_t, Tensor received) const { out.view(-1).copy_(received); }
};

struct ReduceScattered {
  const char* name;
  Product product;
  Tensor out;

  const char* group() const { return name; }
  Transfer transfer(int64_t ranks) const {
    TORCH_CHECK(product.x1.size(0) == out.size(0) * ranks, "x1 has ", product.x1.size(0),
                " rows; output must have the ", ranks, "th part of them, not ", out.size(0), ".");
    return {Transfer::Kind::kReduceScatter, acl_type(out.scalar_type()), out.numel() * ranks,
            out.numel()};
  }
  void before(int64_t, Tensor sent) const { sent.copy_(product.value().flatten()); }
  void after(int64_t, Tensor received) const { out.view(-1).copy_(received); }
};

Tensor bytes(const Tensor& tensor) { return tensor.contiguous().flatten().view(at::kChar); }

// x1 of all ranks, and the scales of its rows, times x2.
struct Gathered {
  const char* name;
  Product product;
  int64_t index;
  Tensor out;
  OptionalTensor gathered;

  const char* group() const { return name; }
  int64_t own() const {
    return product.x1.nbytes() + (product.x1_scale ? product.x1_scale->nbytes() : 0);
  }
  Transfer transfer(int64_t ranks) const {
    TORCH_CHECK(index == 0, "gatherIndex is ", index, "; it must be 0.");
    TORCH_CHECK(out.size(0) == product.x1.size(0) * ranks, "output has ", out.size(0),
                " rows; it must have those of x1 for each of ", ranks, " ranks.");
    return {Transfer::Kind::kAllGather, ACL_INT8, own(), own() * ranks};
  }
  void before(int64_t, Tensor sent) const {
    const Tensor x1 = bytes(product.x1);
    sent.slice(0, 0, x1.numel()).copy_(x1);
    if (product.x1_scale) sent.slice(0, x1.numel()).copy_(bytes(*product.x1_scale));
  }
  void after(int64_t ranks, Tensor received) const {
    const Tensor parts = received.view({ranks, -1});
    const int64_t split = product.x1.nbytes();
    const Tensor rows = parts.slice(1, 0, split)
                            .contiguous()
                            .view(product.x1.scalar_type())
                            .view({-1, product.x1.size(1)});
    OptionalTensor scales;
    if (product.x1_scale) scales = parts.slice(1, split).contiguous().view(at::kFloat);
    out.copy_(product.of(rows, scales));
    if (gathered && gathered->numel() > 0) gathered->copy_(rows);
  }
};

}  // namespace

EMULATE_EXCHANGE(aclnnMatmulAllReduce,
                 [](Tensor x1, Tensor x2, OptionalTensor bias, std::string_view group,
                    std::string_view op, int64_t, int64_t, Tensor out) {
                   check_sum(op);
                   return AllReduced{group.data(), {x1, x2, bias, {}, {}, {}}, out};
                 })
EMULATE_EXCHANGE(aclnnMatmulAllReduceV2,
                 [](Tensor x1, Tensor x2, OptionalTensor bias, OptionalTensor x3,
                    std::string_view group, std::string_view op, int64_t, int64_t, Tensor out) {
                   check_sum(op);
                   return AllReduced{group.data(), {x1, x2, bias, {}, {}, x3}, out};
                 })
EMULATE_EXCHANGE(aclnnQuantMatmulAllReduceV2,
                 [](Tensor x1, Tensor x2, OptionalTensor bias, OptionalTensor x3, Tensor scale,
                    OptionalTensor per_token, std::string_view group, std::string_view op, int64_t,
                    int64_t, Tensor out) {
                   check_sum(op);
                   return AllReduced{group.data(), {x1, x2, bias, per_token, scale, x3}, out};
                 })
EMULATE_EXCHANGE(aclnnAllGatherMatmul,
                 [](Tensor x1, Tensor x2, OptionalTensor bias, std::string_view group,
                    int64_t index, int64_t, int64_t, Tensor out, OptionalTensor gathered) {
                   return Gathered{group.data(), {x1, x2, bias, {}, {}, {}}, index, out, gathered};
                 })
EMULATE_EXCHANGE(aclnnAllGatherMatmulV2,
                 [](Tensor x1, Tensor x2, OptionalTensor bias, OptionalTensor x1_scale,
                    OptionalTensor x2_scale, OptionalTensor, int64_t, std::string_view group,
                    int64_t index, int64_t, int64_t, int64_t, std::string_view, Tensor out,
                    OptionalTensor gathered, OptionalTensor) {
                   return Gathered{
                       group.data(), {x1, x2, bias, x1_scale, x2_scale, {}}, index, out, gathered};
                 })
EMULATE_EXCHANGE(aclnnMatmulReduceScatter,
                 [](Tensor x1, Tensor x2, OptionalTensor bias, std::string_view group,
                    std::string_view op, int64_t, int64_t, Tensor out) {
                   check_sum(op);
                   return ReduceScattered{group.data(), {x1, x2, bias, {}, {}, {}}, out};
                 })
EMULATE_EXCHANGE(aclnnMatmulReduceScatterV2, [](Tensor x1, Tensor x2, OptionalTensor bias,
                                                OptionalTensor x1_scale, OptionalTensor x2_scale,
                                                OptionalTensor, int64_t, std::string_view group,
                                                std::string_view op, int64_t, int64_t, int64_t,
                                                std::string_view, Tensor out, OptionalTensor) {
  check_sum(op);
  return ReduceScattered{group.data(), {x1, x2, bias, x1_scale, x2_scale, {}}, out};
})

}  // namespace ascend_emulator
