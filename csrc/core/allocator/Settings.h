#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

// What PYTORCH_NPU_ALLOC_CONF says. PyTorch's own options are parsed and kept by PyTorch
// (c10/core/AllocatorConfig.h); those that every allocation asks for are copied here.
namespace c10_npu::allocator::settings {

// The size that a request is rounded to, before it is rounded to blocks.
inline std::atomic<bool> rounds_to_divisions{false};
// Blocks of this size and more are not cut, and only requests of this size get them.
inline std::atomic<size_t> max_split_size{SIZE_MAX};

size_t round_to_divisions(size_t requested);  // roundup_power2_divisions
// What a block for a request of max_split_size or more may be larger than it.
size_t max_non_split_rounding();
double garbage_collection_threshold();  // 0: none
bool expandable_segments();
size_t large_segment_size();
bool huge_pages_1g();  // page_size:1g
bool caching();        // not PYTORCH_NO_NPU_MEMORY_CACHING

// Reads the environment, once. Raises ValueError for what it does not know.
void initialize();
// The same for a text in its form, for segments that are made from now on.
void change(const std::string& config);

}  // namespace c10_npu::allocator::settings
