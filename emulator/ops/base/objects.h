#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "aclnn/aclnn_base.h"
#include "emulator/ops/base/pool.h"
#include "emulator/runtime/export.h"

// The objects behind CANN's opaque handles. They are reference counted because the caller destroys
// its handle as soon as the launch returns, while the kernel still waits in its stream.

namespace ascend_emulator {

template <class T>
class Counted : public Pooled<T> {
 public:
  void retain() const { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() const {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete static_cast<const T*>(this);
  }

 private:
  mutable std::atomic<uint32_t> references_{1};
};

// Dimensions, without an allocation for as many as operators support.
class Dims {
 public:
  static constexpr size_t kInline = 8;
  static constexpr size_t kCapacity = 25;  // CANN's limit for a shape

  void assign(std::span<const int64_t> values) {
    size_ = values.size();
    if (size_ > kInline) more_ = std::make_unique<int64_t[]>(size_);
    std::copy(values.begin(), values.end(), data());
  }
  size_t size() const { return size_; }
  int64_t operator[](size_t i) const { return span()[i]; }
  std::span<const int64_t> span() const {
    return {size_ > kInline ? more_.get() : inline_.data(), size_};
  }

 private:
  int64_t* data() { return size_ > kInline ? more_.get() : inline_.data(); }

  size_t size_ = 0;
  std::array<int64_t, kInline> inline_;
  std::unique_ptr<int64_t[]> more_;
};

template <class Self, class Value>
struct Array : Counted<Self> {
  std::vector<Value> values;
};

// Owns one reference of each element; null elements are absent.
template <class Self, class Element>
struct List : Counted<Self> {
  std::vector<const Element*> elements;
  ~List() {
    for (const Element* element : elements) {
      if (element != nullptr) element->release();
    }
  }
};

EMULATOR_API int64_t element_count(std::span<const int64_t> dims);

}  // namespace ascend_emulator

struct aclTensor : ascend_emulator::Counted<aclTensor> {
  aclDataType dtype = ACL_DT_UNDEFINED;
  aclFormat format = ACL_FORMAT_UNDEFINED;
  int64_t offset = 0;    // in elements, from `data`
  void* data = nullptr;  // client address of the storage's beginning
  ascend_emulator::Dims view;
  ascend_emulator::Dims strides;
  ascend_emulator::Dims storage;
};

struct aclScalar : ascend_emulator::Counted<aclScalar> {
  aclDataType dtype = ACL_DT_UNDEFINED;
  alignas(16) std::array<std::byte, 16> value{};
};

struct aclIntArray : ascend_emulator::Array<aclIntArray, int64_t> {};
struct aclFloatArray : ascend_emulator::Array<aclFloatArray, float> {};
struct aclBoolArray : ascend_emulator::Array<aclBoolArray, uint8_t> {};
struct aclTensorList : ascend_emulator::List<aclTensorList, aclTensor> {};
struct aclScalarList : ascend_emulator::List<aclScalarList, aclScalar> {};
