#include "emulator/ops/functions/compression.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <span>
#include <vector>

#include "emulator/ops/emulate.h"

// Lossless compression of floating-point numbers. Ascend does not document the format of its codes;
// this is one of the same sizes. The highest byte of each number (sign and most of the exponent) is
// coded, the others are copied. Byte values are ranked by how often they occur, and the ranks are
// stored in blocks of 64, each with as many bits as its largest one needs: first a byte for each
// block with that number of bits, then the ranks. At worst that is n + n / 64 bytes.
namespace ascend_emulator {
namespace {

using Bytes = std::span<uint8_t>;
using ConstBytes = std::span<const uint8_t>;
using Ranks = std::array<uint8_t, 256>;

constexpr size_t kBlock = 64;

// The bytes of a tensor, in a contiguous copy if it has strides.
class Memory {
 public:
  explicit Memory(const Tensor& tensor) : tensor_(tensor), dense_(tensor.contiguous()) {}

  Bytes bytes() const { return {static_cast<uint8_t*>(dense_.data_ptr()), dense_.nbytes()}; }
  void write_back() const {
    if (!dense_.is_same(tensor_)) tensor_.copy_(dense_);
  }

 private:
  Tensor tensor_, dense_;
};

// Byte values, the most frequent one first.
Ranks by_frequency(std::span<const int32_t> counts) {
  Ranks order;
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](uint8_t a, uint8_t b) { return counts[a] > counts[b]; });
  return order;
}

Ranks inverse(const Ranks& order) {
  Ranks ranks;
  for (size_t i = 0; i < order.size(); ++i) ranks[order[i]] = static_cast<uint8_t>(i);
  return ranks;
}

// Numbers of 0 to 8 bits, one after the other. Whole blocks fill whole bytes.
void append(std::vector<uint8_t>& codes, ConstBytes ranks, int bits) {
  uint32_t word = 0;
  int filled = 0;
  for (const uint8_t rank : ranks) {
    word |= uint32_t{rank} << filled;
    for (filled += bits; filled >= 8; filled -= 8, word >>= 8) {
      codes.push_back(static_cast<uint8_t>(word));
    }
  }
}
size_t extract(Bytes ranks, ConstBytes codes, int bits) {
  uint32_t word = 0;
  int filled = 0;
  size_t next = 0;
  for (uint8_t& rank : ranks) {
    for (; filled < bits; filled += 8) word |= uint32_t{codes[next++]} << filled;
    rank = static_cast<uint8_t>(word & ((1u << bits) - 1));
    word >>= bits;
    filled -= bits;
  }
  return next;
}

std::vector<uint8_t> encode(ConstBytes values, const Ranks& ranks) {
  std::vector<uint8_t> codes(values.size() / kBlock);
  std::array<uint8_t, kBlock> block;
  for (size_t i = 0; i < values.size(); i += kBlock) {
    std::ranges::transform(values.subspan(i, kBlock), block.begin(),
                           [&](uint8_t value) { return ranks[value]; });
    const int bits = std::bit_width(*std::ranges::max_element(block));
    codes[i / kBlock] = static_cast<uint8_t>(bits);
    append(codes, block, bits);
  }
  return codes;
}

void decode(ConstBytes codes, const Ranks& order, Bytes values) {
  const size_t blocks = values.size() / kBlock;
  ConstBytes rest = codes.subspan(blocks);
  for (size_t i = 0; i < blocks; ++i) {
    TORCH_CHECK(codes[i] <= 8 && rest.size() >= codes[i] * kBlock / 8,
                "fixed and var do not hold codes of aclnnHansEncode");
    const Bytes block = values.subspan(i * kBlock, kBlock);
    rest = rest.subspan(extract(block, rest, codes[i]));
    for (uint8_t& value : block) value = order[value];
  }
}

}  // namespace

EMULATE(aclnnHansEncode, [](Tensor input, Tensor pdf, bool statistic, bool, Tensor mantissa,
                            Tensor fixed, Tensor var) {
  const size_t size = input.element_size(), count = input.numel();
  TORCH_CHECK(count % kBlock == 0 && mantissa.nbytes() == count * (size - 1),
              "inputTensor must have a multiple of 64 elements, and mantissaOut all but one byte "
              "of each");
  const Memory numbers(input), rest(mantissa), first(fixed), second(var), counts(pdf);
  std::vector<uint8_t> high(count);
  for (size_t i = 0; i < count; ++i) {
    const Bytes number = numbers.bytes().subspan(i * size, size);
    std::ranges::copy(number.first(size - 1), rest.bytes().begin() + i * (size - 1));
    high[i] = number.back();
  }
  const std::span<int32_t> histogram(reinterpret_cast<int32_t*>(counts.bytes().data()), 256);
  if (statistic) {
    std::ranges::fill(histogram, 0);
    for (const uint8_t value : high) ++histogram[value];
    counts.write_back();
  }
  const auto codes = encode(high, inverse(by_frequency(histogram)));
  const size_t room = first.bytes().size();
  TORCH_CHECK(codes.size() <= room + second.bytes().size(), "fixedOut and varOut have ",
              room + second.bytes().size(), " bytes, the codes need ", codes.size());
  const size_t split = std::min(room, codes.size());
  std::copy_n(codes.begin(), split, first.bytes().begin());
  std::copy(codes.begin() + split, codes.end(), second.bytes().begin());
  for (const Memory* memory : {&rest, &first, &second}) memory->write_back();
})

EMULATE(aclnnHansDecode, [](Tensor mantissa, Tensor fixed, Tensor var, Tensor pdf, bool,
                            Tensor out) {
  const size_t size = out.element_size(), count = out.numel();
  TORCH_CHECK(count % kBlock == 0 && mantissa.nbytes() == count * (size - 1),
              "out must have a multiple of 64 elements, and mantissa all but one byte of "
              "each");
  const Memory numbers(out), rest(mantissa), first(fixed), second(var), counts(pdf);
  std::vector<uint8_t> codes(first.bytes().begin(), first.bytes().end());
  codes.insert(codes.end(), second.bytes().begin(), second.bytes().end());
  const std::span<int32_t> histogram(reinterpret_cast<int32_t*>(counts.bytes().data()), 256);
  std::vector<uint8_t> high(count);
  decode(codes, by_frequency(histogram), high);
  for (size_t i = 0; i < count; ++i) {
    const Bytes number = numbers.bytes().subspan(i * size, size);
    std::copy_n(rest.bytes().begin() + i * (size - 1), size - 1, number.begin());
    number.back() = high[i];
  }
  numbers.write_back();
})

}  // namespace ascend_emulator
