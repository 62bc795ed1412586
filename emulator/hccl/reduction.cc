#include "emulator/hccl/reduction.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace ascend_emulator::hccl {
namespace {

// Elements that are accumulated before they are written: fits the first-level cache.
constexpr size_t kBlock = 2048;

template <typename T>
struct Plain {
  using Stored = T;
  using Accumulator = T;
  static T load(T value) { return value; }
  static T store(T value) { return value; }
};

struct Bfloat16 {
  using Stored = uint16_t;
  using Accumulator = float;
  static float load(uint16_t bits) {
    return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
  }
  static uint16_t store(float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    if (std::isnan(value)) return static_cast<uint16_t>((bits >> 16) | 0x40);
    return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
  }
};

struct Half {
  using Stored = uint16_t;
  using Accumulator = float;
  static float load(uint16_t bits) {
    const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
    const uint32_t magnitude = static_cast<uint32_t>(bits & 0x7fff) << 13;
    if ((bits & 0x7c00) == 0x7c00) return std::bit_cast<float>(sign | 0x7f800000 | magnitude);
    // 2^112 moves the exponent's bias from 15 to 127 and normalises subnormals.
    return std::bit_cast<float>(
        sign | std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) * 0x1p112f));
  }
  static uint16_t store(float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    const uint16_t sign = static_cast<uint16_t>((bits >> 16) & 0x8000);
    const float magnitude = std::fabs(value);
    if (std::isnan(value)) return sign | 0x7e00;
    if (magnitude >= 65520.0f) return sign | 0x7c00;
    if (magnitude < 0x1p-14f) {
      // Adding 0.5 leaves the subnormal's ten bits, rounded to even, at the end of the mantissa.
      return sign | static_cast<uint16_t>(std::bit_cast<uint32_t>(magnitude + 0.5f) - 0x3f000000);
    }
    const uint32_t rebiased = std::bit_cast<uint32_t>(magnitude) - (112u << 23);
    return sign | static_cast<uint16_t>((rebiased + 0xfff + ((rebiased >> 13) & 1)) >> 13);
  }
};

// Integers wrap around, as in hardware; signed overflow would be undefined here.
template <typename T, typename Operation>
T wrapping(T a, T b, Operation operation) {
  if constexpr (std::is_integral_v<T>) {
    using Wide = std::conditional_t<sizeof(T) < 4, uint32_t, std::make_unsigned_t<T>>;
    return static_cast<T>(operation(static_cast<Wide>(a), static_cast<Wide>(b)));
  } else {
    return operation(a, b);
  }
}

template <typename T>
bool is_nan(T value) {
  if constexpr (std::is_floating_point_v<T>) return std::isnan(value);
  return false;
}

struct Sum {
  template <typename T>
  static T apply(T a, T b) {
    return wrapping(a, b, [](auto x, auto y) { return x + y; });
  }
};
struct Product {
  template <typename T>
  static T apply(T a, T b) {
    return wrapping(a, b, [](auto x, auto y) { return x * y; });
  }
};
struct Maximum {
  template <typename T>
  static T apply(T a, T b) {
    return a > b || is_nan(a) ? a : b;
  }
};
struct Minimum {
  template <typename T>
  static T apply(T a, T b) {
    return a < b || is_nan(a) ? a : b;
  }
};

template <typename Format, typename Operation>
void reduce_elements(const std::byte* const* sources, size_t source_count,
                     std::byte* const* targets, size_t target_count, size_t count) {
  using Stored = typename Format::Stored;
  typename Format::Accumulator sums[kBlock];
  Stored results[kBlock];
  for (size_t begin = 0; begin < count; begin += kBlock) {
    const size_t length = std::min(kBlock, count - begin);
    for (size_t rank = 0; rank < source_count; ++rank) {
      const Stored* source = reinterpret_cast<const Stored*>(sources[rank]) + begin;
      if (rank == 0) {
        for (size_t i = 0; i < length; ++i) sums[i] = Format::load(source[i]);
      } else {
        for (size_t i = 0; i < length; ++i) {
          sums[i] = Operation::apply(sums[i], Format::load(source[i]));
        }
      }
    }
    for (size_t i = 0; i < length; ++i) results[i] = Format::store(sums[i]);
    for (size_t target = 0; target < target_count; ++target) {
      std::memcpy(targets[target] + begin * sizeof(Stored), results, length * sizeof(Stored));
    }
  }
}

using Kernel = void (*)(const std::byte* const*, size_t, std::byte* const*, size_t, size_t);

template <typename Format>
constexpr Kernel kKernels[] = {reduce_elements<Format, Sum>, reduce_elements<Format, Product>,
                               reduce_elements<Format, Maximum>, reduce_elements<Format, Minimum>};

Kernel find_kernel(Arithmetic arithmetic, HcclReduceOp op) {
  switch (arithmetic) {
    case Arithmetic::kNone:
      return nullptr;
    case Arithmetic::kInt8:
      return kKernels<Plain<int8_t>>[op];
    case Arithmetic::kInt16:
      return kKernels<Plain<int16_t>>[op];
    case Arithmetic::kInt32:
      return kKernels<Plain<int32_t>>[op];
    case Arithmetic::kInt64:
      return kKernels<Plain<int64_t>>[op];
    case Arithmetic::kHalf:
      return kKernels<Half>[op];
    case Arithmetic::kFloat:
      return kKernels<Plain<float>>[op];
    case Arithmetic::kBfloat16:
      return kKernels<Bfloat16>[op];
  }
  return nullptr;
}

}  // namespace

void reduce(Arithmetic arithmetic, HcclReduceOp op, const std::byte* const* sources,
            size_t source_count, std::byte* const* targets, size_t target_count, size_t count) {
  find_kernel(arithmetic, op)(sources, source_count, targets, target_count, count);
}

}  // namespace ascend_emulator::hccl
