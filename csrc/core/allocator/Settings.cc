#include "csrc/core/allocator/Settings.h"

#include <c10/core/AllocatorConfig.h>

#include <algorithm>
#include <iterator>
#include <mutex>

#include "csrc/core/Env.h"

namespace c10_npu::allocator::settings {
namespace {

using c10::CachingAllocator::AcceleratorAllocatorConfig;
using c10::CachingAllocator::ConfigTokenizer;

// Options that only Ascend's allocators have.
constexpr const char* kPageSize = "page_size";
// Segments begin at pages, so that every such wish is fulfilled.
constexpr const char* kAlignment = "base_addr_aligned_kb";
constexpr size_t kMaxAlignmentKb = 16;

std::atomic<bool> uses_huge_pages{false};

void parse_page_size(const std::string& value) {
  TORCH_CHECK_VALUE(value == "1g" || value == "2m",
                    "PYTORCH_NPU_ALLOC_CONF: page_size must be 1g or 2m, got ", value);
  uses_huge_pages = value == "1g";
}

void check_alignment(const std::string& value) {
  const bool is_number = !value.empty() && std::ranges::all_of(value, isdigit);
  TORCH_CHECK_VALUE(is_number && value.size() < 3 && std::stoul(value) <= kMaxAlignmentKb,
                    "PYTORCH_NPU_ALLOC_CONF: base_addr_aligned_kb must be 0 to ", kMaxAlignmentKb,
                    ", got ", value);
}

// Called after PyTorch has parsed its own options out of `config`.
void parse(const std::string& config) {
  const ConfigTokenizer tokens(config);
  for (size_t i = 0; i + 2 < tokens.size(); ++i) {
    const std::string& key = tokens[i];
    if (key == kPageSize) parse_page_size(tokens[i + 2]);
    if (key == kAlignment) check_alignment(tokens[i + 2]);
    i = tokens.skipKey(i) + 1;  // the comma
  }
  const auto& divisions = AcceleratorAllocatorConfig::roundup_power2_divisions();
  rounds_to_divisions = std::ranges::any_of(divisions, [](size_t count) { return count > 0; });
  max_split_size = AcceleratorAllocatorConfig::max_split_size();
}

// PyTorch ignores options that it does not know, and reports some mistakes as its own.
void check_syntax(const std::string& config) {
  const auto& known = AcceleratorAllocatorConfig::getKeys();
  const ConfigTokenizer tokens(config);
  for (size_t i = 0; i < tokens.size(); ++i) {
    TORCH_CHECK_VALUE(i + 2 < tokens.size() && tokens[i + 1] == ":",
                      "PYTORCH_NPU_ALLOC_CONF: expected option:value, got \"", tokens[i],
                      "\" in \"", config, "\"");
    if (!known.contains(tokens[i])) {
      std::vector<std::string> names(known.begin(), known.end());
      std::ranges::sort(names);
      TORCH_CHECK_VALUE(false, "PYTORCH_NPU_ALLOC_CONF: there is no option ", tokens[i],
                        "; these are: ", c10::Join(", ", names));
    }
    i = tokens.skipKey(i) + 1;
    TORCH_CHECK_VALUE(i >= tokens.size() || tokens[i] == ",",
                      "PYTORCH_NPU_ALLOC_CONF: expected a comma before \"", tokens[i], "\"");
  }
}

}  // namespace

size_t round_to_divisions(size_t requested) {
  const size_t divisions = AcceleratorAllocatorConfig::roundup_power2_divisions(requested);
  if (divisions <= 1 || requested <= divisions) return requested;
  const size_t power = std::bit_floor(requested);
  const size_t step = std::max<size_t>(power / divisions, 1);
  return (requested + step - 1) / step * step;
}

size_t max_non_split_rounding() {
  return AcceleratorAllocatorConfig::max_non_split_rounding_size();
}

double garbage_collection_threshold() {
  return AcceleratorAllocatorConfig::garbage_collection_threshold();
}

bool expandable_segments() { return AcceleratorAllocatorConfig::use_expandable_segments(); }

size_t large_segment_size() { return AcceleratorAllocatorConfig::large_segment_size(); }

bool huge_pages_1g() { return uses_huge_pages; }

bool caching() {
  static const bool cached = !env::flag("PYTORCH_NO_NPU_MEMORY_CACHING");
  return cached;
}

void initialize() {
  static std::once_flag once;
  std::call_once(once, [] {
    AcceleratorAllocatorConfig::registerDeviceConfigParserHook(&parse, {kPageSize, kAlignment});
    const std::string config = env::text("PYTORCH_NPU_ALLOC_CONF");
    if (config.empty()) return parse(c10::CachingAllocator::getAllocatorSettings());
    check_syntax(config);
    c10::CachingAllocator::setAllocatorSettings(config);
  });
}

void change(const std::string& config) {
  initialize();
  check_syntax(config);
  c10::CachingAllocator::setAllocatorSettings(config);
}

}  // namespace c10_npu::allocator::settings
