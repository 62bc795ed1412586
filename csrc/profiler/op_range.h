#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace torch_npu::profiler {

// One host operator, as it is written to FRAMEWORK/torch.op_range.
struct OpRange {
  int64_t start_ns;
  int64_t end_ns;
  int64_t sequence;  // -1: none
  uint64_t process_id;
  uint64_t start_thread;
  uint64_t end_thread;
  uint64_t forward_thread;  // of a backward operator, else 0
  uint8_t scope;            // at::RecordScope
  bool is_async;
  std::string_view name;
  std::string_view dtypes;  // "float;float", "" if not recorded
  std::string_view shapes;  // "2,3;3,4"
};

// The layout is the one existing tools read: u16 type, u32 length, value, little endian; the value
// is a packed head followed by text fields of the same framing.
size_t encoded_size(const OpRange& range);
void encode(const OpRange& range, std::byte* out);

}  // namespace torch_npu::profiler
