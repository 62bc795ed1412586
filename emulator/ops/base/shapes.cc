#include "emulator/ops/base/shapes.h"

#include <strings.h>

#include <algorithm>
#include <vector>

#include "emulator/ops/base/details.h"
#include "emulator/runtime/error.h"

namespace ascend_emulator {
namespace {

using Shape = std::vector<int64_t>;

Shape shape_of(const aclTensor& tensor) {
  const auto dims = tensor.view.span();
  return {dims.begin(), dims.end()};
}

// Indices of the function's tensors that are there and for which the flag is set.
std::vector<size_t> tensors(const Function& function, const Argument* arguments,
                            bool Parameter::* flag) {
  std::vector<size_t> indices;
  for (size_t i = 0; i < function.size; ++i) {
    const Parameter& parameter = function.parameters[i];
    if (parameter.kind == Kind::kTensor && parameter.*flag && arguments[i].tensor != nullptr) {
      indices.push_back(i);
    }
  }
  return indices;
}

// Widens `shape` by `other`; false if they do not fit.
bool widen(Shape& shape, std::span<const int64_t> other) {
  if (other.size() > shape.size()) shape.insert(shape.begin(), other.size() - shape.size(), 1);
  const size_t shift = shape.size() - other.size();
  for (size_t i = 0; i < other.size(); ++i) {
    int64_t& dim = shape[shift + i];
    if (dim == 1) dim = other[i];
    if (dim != other[i] && other[i] != 1) return false;
  }
  return true;
}

aclnnStatus refuse(const Function& function, size_t index, const aclTensor& tensor,
                   const char* expected, std::span<const int64_t> shape) {
  return fail(ACLNN_ERR_PARAM_INVALID, "%s: parameter %s has shape %s, %s %s.", function.name,
              function.parameters[index].name, to_string(tensor.view.span()).c_str(), expected,
              to_string(shape).c_str());
}

aclnnStatus expect_outputs(const Function& function, const Argument* arguments,
                           const Shape& shape) {
  for (size_t i : tensors(function, arguments, &Parameter::output)) {
    const auto dims = arguments[i].tensor->view.span();
    if (!std::equal(dims.begin(), dims.end(), shape.begin(), shape.end())) {
      return refuse(function, i, *arguments[i].tensor, "the result has shape", shape);
    }
  }
  return ACLNN_SUCCESS;
}

// The common case, without allocations: all tensors have one shape.
bool all_equal(const Function& function, const Argument* arguments) {
  const aclTensor* first = nullptr;
  for (size_t i = 0; i < function.size; ++i) {
    if (function.parameters[i].kind != Kind::kTensor || arguments[i].tensor == nullptr) continue;
    const aclTensor* tensor = arguments[i].tensor;
    if (first == nullptr) first = tensor;
    const auto a = first->view.span(), b = tensor->view.span();
    if (!std::equal(a.begin(), a.end(), b.begin(), b.end())) return false;
  }
  return true;
}

// Drops the matrix (or vector) dimensions of an operand and returns rows and columns.
struct Matrix {
  Shape batch;
  int64_t rows, columns;
  bool vector;

  Matrix(const aclTensor& tensor, bool left) : batch(shape_of(tensor)), vector(batch.size() == 1) {
    if (vector) batch.insert(left ? batch.begin() : batch.end(), 1);
    columns = batch.back(), batch.pop_back();
    rows = batch.back(), batch.pop_back();
  }
};

}  // namespace

aclnnStatus broadcast(const Function& function, const Argument* arguments) {
  if (all_equal(function, arguments)) return ACLNN_SUCCESS;
  Shape shape;
  for (size_t i : tensors(function, arguments, &Parameter::input)) {
    Shape wider = shape;
    if (!widen(wider, arguments[i].tensor->view.span())) {
      return refuse(function, i, *arguments[i].tensor, "which does not broadcast with", shape);
    }
    shape = std::move(wider);
  }
  return expect_outputs(function, arguments, shape);
}

aclnnStatus matrix_product(const Function& function, const Argument* arguments) {
  std::vector<size_t> inputs = tensors(function, arguments, &Parameter::input);
  const size_t right_index = inputs.back(), left_index = inputs[inputs.size() - 2];
  for (size_t i : {left_index, right_index}) {
    if (arguments[i].tensor->view.size() == 0) {
      return refuse(function, i, *arguments[i].tensor, "a matrix is needed, not", Shape{});
    }
  }
  const Matrix left(*arguments[left_index].tensor, true);
  const Matrix right(*arguments[right_index].tensor, false);
  const Shape left_shape = shape_of(*arguments[left_index].tensor);
  Shape shape = left.batch;
  if (left.columns != right.rows || !widen(shape, right.batch)) {
    return refuse(function, right_index, *arguments[right_index].tensor,
                  "which cannot be multiplied to a matrix of shape", left_shape);
  }
  if (!left.vector) shape.push_back(left.rows);
  if (!right.vector) shape.push_back(right.columns);
  inputs.resize(inputs.size() - 2);
  for (size_t i : inputs) {
    Shape widened = shape;
    if (!widen(widened, arguments[i].tensor->view.span()) || widened != shape) {
      return refuse(function, i, *arguments[i].tensor, "which does not broadcast to", shape);
    }
  }
  return expect_outputs(function, arguments, shape);
}

aclnnStatus reduction(const Function& function, const Argument* arguments) {
  const Parameter* parameters = function.parameters;
  const aclTensor& input = *arguments[0].tensor;
  Shape dims;
  bool keep = false, seen = false;
  for (size_t i = 0; i < function.size; ++i) {
    if (parameters[i].kind == Kind::kIntArray && !seen) {
      if (arguments[i].int_array != nullptr) dims = arguments[i].int_array->values;
      seen = true;
    } else if (parameters[i].kind == Kind::kInteger && !seen) {
      dims = {arguments[i].integer};
      seen = true;
    } else if (parameters[i].kind == Kind::kBool &&
               strncasecmp(parameters[i].name, "keep", 4) == 0) {
      keep = arguments[i].integer != 0;
    }
  }
  const auto rank = static_cast<int64_t>(input.view.size());
  std::vector<bool> reduced(rank, dims.empty());
  for (int64_t dim : dims) {
    const int64_t limit = std::max<int64_t>(rank, 1);
    if (dim < -limit || dim >= limit) {
      return fail(ACLNN_ERR_PARAM_INVALID, "%s: dimension %lld is outside of [%lld, %lld].",
                  function.name, static_cast<long long>(dim), static_cast<long long>(-limit),
                  static_cast<long long>(limit - 1));
    }
    if (rank > 0) reduced[(dim + rank) % rank] = true;
  }
  Shape shape;
  for (int64_t i = 0; i < rank; ++i) {
    if (!reduced[i]) shape.push_back(input.view[i]);
    if (reduced[i] && keep) shape.push_back(1);
  }
  return expect_outputs(function, arguments, shape);
}

}  // namespace ascend_emulator
