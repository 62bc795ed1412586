#include "csrc/profiler/op_range.h"

#include <cstring>

namespace torch_npu::profiler {
namespace {

constexpr uint16_t kOpRange = 1;
enum Field : uint16_t { kName = 2, kDtypes = 3, kShapes = 4 };

constexpr size_t kFrame = sizeof(uint16_t) + sizeof(uint32_t);
constexpr size_t kHead = 3 * sizeof(int64_t) + 4 * sizeof(uint64_t) + 2;
static_assert(kHead == 58);

size_t field_size(std::string_view text) { return text.empty() ? 0 : kFrame + text.size(); }

class Encoder {
 public:
  explicit Encoder(std::byte* out) : out_(out) {}

  template <class Value>
  void put(Value value) {
    std::memcpy(out_, &value, sizeof(value));
    out_ += sizeof(value);
  }

  void put_frame(uint16_t type, size_t length) {
    put(type);
    put(static_cast<uint32_t>(length));
  }

  void put_field(Field type, std::string_view text) {
    if (text.empty()) return;
    put_frame(type, text.size());
    std::memcpy(out_, text.data(), text.size());
    out_ += text.size();
  }

 private:
  std::byte* out_;
};

}  // namespace

size_t encoded_size(const OpRange& range) {
  return kFrame + kHead + field_size(range.name) + field_size(range.dtypes) +
         field_size(range.shapes);
}

void encode(const OpRange& range, std::byte* out) {
  Encoder encoder(out);
  encoder.put_frame(kOpRange, encoded_size(range) - kFrame);
  encoder.put(range.start_ns);
  encoder.put(range.end_ns);
  encoder.put(range.sequence);
  encoder.put(range.process_id);
  encoder.put(range.start_thread);
  encoder.put(range.end_thread);
  encoder.put(range.forward_thread);
  encoder.put(range.scope);
  encoder.put(static_cast<uint8_t>(range.is_async));
  encoder.put_field(kName, range.name);
  encoder.put_field(kDtypes, range.dtypes);
  encoder.put_field(kShapes, range.shapes);
}

}  // namespace torch_npu::profiler
