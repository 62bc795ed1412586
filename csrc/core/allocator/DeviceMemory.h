#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include <vector>

#include "csrc/core/NPUEvent.h"
#include "csrc/core/allocator/History.h"
#include "csrc/core/allocator/PrivatePools.h"
#include "csrc/core/allocator/Statistics.h"

namespace c10_npu::allocator {

struct MemorySnapshot {
  std::vector<SegmentInfo> segments;
  std::vector<TraceEntry> history;
};

// A segment, as another process opens it.
struct SharedMemory {
  std::string key;
  size_t offset;  // of the block
};

// The memory of one device: segments got from CANN, cut into blocks, cached per stream.
class DeviceMemory {
 public:
  explicit DeviceMemory(c10::DeviceIndex device) : device_(device) {}

  c10::DeviceIndex device() const { return device_; }

  // The calling thread must be bound to the device. Throws c10::OutOfMemoryError.
  Block* allocate(size_t requested, NPUStream stream);
  void free(Block* block) noexcept;
  void record_stream(Block* block, NPUStream stream);
  // Returns unused segments to CANN: those of the common memory and of pools that nobody uses, or
  // those of one such pool.
  void empty_cache(MempoolId_t id);

  void add_pool_use(MempoolId_t id, std::shared_ptr<SegmentSource> source);
  void drop_pool_use(MempoolId_t id);
  int pool_uses(MempoolId_t id);
  void begin_allocate_to_pool(MempoolId_t id, PrivatePools::Filter filter);
  void end_allocate_to_pool(MempoolId_t id);

  DeviceStats stats();
  void reset_accumulated_stats();
  void reset_peak_stats();
  // {allocated, reserved} bytes.
  std::pair<size_t, size_t> usage();

  void set_fraction(double fraction);
  double fraction();
  std::pair<size_t, size_t> free_and_total() const;

  MemorySnapshot snapshot();
  void record_history(size_t max_entries, bool clear);

  // The block's segment, for another process to open. Raises for segments that cannot be shared.
  SharedMemory share(const Block* block);

 private:
  struct Request {
    size_t requested;
    size_t size;  // of the block
    const Context& context;
  };
  struct PendingUse {
    NPUEvent event;
    Block* block;
  };

  StreamPool& pool_of(c10::StreamId stream);
  StreamPool& pool_for(NPUStream stream);
  Block* new_block(const Request& request, StreamPool& pool, std::unique_lock<std::mutex>& lock);
  Block* new_segment(size_t size, StreamPool& pool, const Context& context);
  Block* expand_segment(size_t size, StreamPool& pool, const Context& context);
  Block* reserve_addresses(bool large, StreamPool& pool);
  bool has_room(size_t bytes) const;
  Block* cut(Block* block, size_t size);
  void join(Block* first, Block* second);
  void split(Block* block, size_t size);
  void return_to_pool(Block* block);
  Block* merge(Block* block, Block* neighbour);

  void record_pending_uses(Block* block);
  void record_deferred_uses();
  void finish_pending_uses(bool wait);
  void collect_garbage(size_t size);
  void release_free_segments(MempoolId_t id);
  void release_segment(Block* block);
  void release_at_once(Block* block) noexcept;
  void release_pages(Block* first);
  void unmap(Block* block);
  void wait_for_uses();
  void count_reserved(const StreamPool& pool, bool large, size_t bytes);
  void count_released(const StreamPool& pool, bool large, size_t bytes);
  [[noreturn]] void throw_out_of_memory(const Request& request, const StreamPool& pool,
                                        std::unique_lock<std::mutex>& lock);

  void note(TraceEntry::Action action, const Block& block, Context context);
  void note(TraceEntry::Action action, size_t address, size_t size, const StreamPool& pool,
            Context context);

  const c10::DeviceIndex device_;
  std::mutex mutex_;
  StreamPools pools_;  // of the common memory
  StreamPool* last_pool_ = nullptr;
  PrivatePools private_pools_;
  std::set<Block*> segments_;  // the first block of each
  std::vector<Block*> spare_blocks_;
  std::unordered_map<NPUStream, std::deque<PendingUse>> pending_;  // oldest first
  std::vector<NPUEvent> spare_events_;
  // Freed during a capture, while other streams used them. An event in a captured stream would not
  // tell when those uses are over, so it is recorded after the capture.
  std::vector<Block*> deferred_;
  std::unordered_map<std::byte*, std::string> shared_;  // keys of segments
  uint64_t clock_ = 0;                                  // counts what is freed
  History history_;
  size_t limit_ = SIZE_MAX;
  double fraction_ = 1.0;
  DeviceStats stats_;
};

}  // namespace c10_npu::allocator
