// torch_npu._C: snapshots of the caching allocator, and what happened in it.
#include <c10/util/ApproximateClock.h>
#include <torch/csrc/profiler/combined_traceback.h>

#include <optional>
#include <unordered_map>

#include "csrc/core/MemoryHolders.h"
#include "csrc/core/NPUCachingAllocator.h"
#include "csrc/python/bindings.h"

namespace {

namespace allocator = c10_npu::NPUCachingAllocator;
using c10::CachingDeviceAllocator::BlockInfo;
using c10::CachingDeviceAllocator::RecordContext;
using c10::CachingDeviceAllocator::SegmentInfo;
using c10::CachingDeviceAllocator::TraceEntry;

// Stacks that wait for their names, which are looked up for all at once.
class Stacks {
 public:
  // `entry` gets "frames", once finish() is called.
  void add(py::dict entry, const std::shared_ptr<c10::GatheredContext>& context) {
    auto* stack = dynamic_cast<torch::CapturedTraceback*>(context.get());
    if (stack == nullptr) {
      entry["frames"] = py::list();
      return;
    }
    stacks_.push_back(stack);
    entries_.push_back(std::move(entry));
  }
  void finish() {
    const torch::SymbolizedTracebacks names = torch::symbolize(stacks_);
    std::vector<py::dict> frames;  // shared by the stacks that they are in
    for (const auto& frame : names.all_frames) {
      py::dict entry;
      entry["filename"] = frame.filename;
      entry["line"] = frame.lineno;
      entry["name"] = frame.funcname;
      frames.push_back(std::move(entry));
    }
    for (size_t i = 0; i < entries_.size(); ++i) {
      py::list stack;
      for (const uint64_t index : names.tracebacks[i]) stack.append(frames[index]);
      entries_[i]["frames"] = std::move(stack);
    }
  }

 private:
  std::vector<torch::CapturedTraceback*> stacks_;
  std::vector<py::dict> entries_;
};

const char* block_state(const BlockInfo& block) {
  if (block.allocated) return "active_allocated";
  return block.active ? "active_awaiting_free" : "inactive";
}

// The keys of torch.cuda.memory_snapshot(), which memory viewers read.
py::dict describe(const SegmentInfo& segment, Stacks& stacks) {
  py::list blocks;
  size_t address = segment.address;
  for (const BlockInfo& block : segment.blocks) {
    py::dict entry;
    entry["address"] = address;
    entry["size"] = block.size;
    entry["requested_size"] = block.requested_size;
    entry["state"] = block_state(block);
    stacks.add(entry, block.context_when_allocated);
    blocks.append(entry);
    address += block.size;
  }
  py::dict entry;
  entry["device"] = static_cast<int>(segment.device);
  entry["address"] = segment.address;
  entry["total_size"] = segment.total_size;
  entry["allocated_size"] = segment.allocated_size;
  entry["active_size"] = segment.active_size;
  entry["requested_size"] = segment.requested_size;
  entry["stream"] = reinterpret_cast<uintptr_t>(segment.stream);
  entry["segment_type"] = segment.is_large ? "large" : "small";
  entry["segment_pool_id"] = segment.owner_private_pool_id;
  entry["is_expandable"] = segment.is_expandable;
  entry["frames"] = py::list();
  entry["blocks"] = blocks;
  return entry;
}

const char* action_name(TraceEntry::Action action) {
  switch (action) {
    case TraceEntry::ALLOC:
      return "alloc";
    case TraceEntry::FREE_REQUESTED:
      return "free_requested";
    case TraceEntry::FREE_COMPLETED:
      return "free_completed";
    case TraceEntry::SEGMENT_ALLOC:
      return "segment_alloc";
    case TraceEntry::SEGMENT_FREE:
      return "segment_free";
    case TraceEntry::SEGMENT_MAP:
      return "segment_map";
    case TraceEntry::SEGMENT_UNMAP:
      return "segment_unmap";
    case TraceEntry::SNAPSHOT:
      return "snapshot";
    case TraceEntry::OOM:
      return "oom";
  }
  return "unknown";
}

// Made when the recording begins: it gets better with the time between both.
std::optional<c10::ApproximateClockToUnixTimeConverter> clock_converter;

constexpr int64_t kNanosecondsPerMicrosecond = 1000;

py::list describe(const std::vector<TraceEntry>& history, Stacks& stacks) {
  if (history.empty()) return py::list();
  const auto to_unix_time = clock_converter->makeConverter();
  py::list entries;
  for (const TraceEntry& event : history) {
    py::dict entry;
    entry["action"] = action_name(event.action_);
    entry[event.action_ == TraceEntry::OOM ? "device_free" : "addr"] = event.addr_;
    entry["size"] = event.size_;
    entry["stream"] = reinterpret_cast<uintptr_t>(event.stream_);
    entry["segment_pool_id"] = event.mempool_;
    entry["time_us"] = to_unix_time(event.time_.approx_t_) / kNanosecondsPerMicrosecond;
    stacks.add(entry, event.context_);
    entries.append(entry);
  }
  return entries;
}

py::dict snapshot() {
  const allocator::Snapshot taken = [] {
    py::gil_scoped_release release;
    return allocator::snapshot();
  }();
  Stacks stacks;
  py::list segments;
  for (const SegmentInfo& segment : taken.segments) segments.append(describe(segment, stacks));
  py::list traces;
  for (const auto& history : taken.history) traces.append(describe(history, stacks));
  stacks.finish();
  py::dict result;
  result["segments"] = segments;
  result["device_traces"] = traces;
  return result;
}

template <bool cpp>
std::shared_ptr<c10::GatheredContext> gather() {
  return torch::CapturedTraceback::gather(/*python=*/true, /*script=*/true, cpp);
}

// context: "", "state", "alloc" or "all".
void record_history(size_t max_entries, const std::string& context, bool cpp, bool clear) {
  static const std::unordered_map<std::string, RecordContext> levels = {
      {"", RecordContext::NEVER},
      {"state", RecordContext::STATE},
      {"alloc", RecordContext::ALLOC},
      {"all", RecordContext::ALL}};
  if (max_entries != 0) clock_converter.emplace();
  allocator::recordHistory(max_entries, clear, levels.at(context),
                           cpp ? &gather<true> : &gather<false>);
}

void attach_observer(py::function observer) {
  // Never destroyed: at exit the interpreter may be gone before it.
  auto* kept = new py::function(std::move(observer));
  c10_npu::attach_out_of_memory_observer(
      [kept](int64_t device, size_t requested, size_t total, size_t free) {
        const py::gil_scoped_acquire acquire;
        (*kept)(device, requested, total, free);
      });
}

}  // namespace

void init_memory_history(py::module_& module) {
  module.def("_memory_snapshot", &snapshot);
  module.def("_record_memory_history", &record_history);
  module.def("_npu_attach_out_of_memory_observer", &attach_observer);
}
