#include "csrc/profiler/marks.h"

#include <map>
#include <mutex>
#include <unordered_map>

#include "csrc/core/TaskQueue.h"
#include "mstx/ms_tools_ext.h"

namespace torch_npu::profiler {
namespace {

struct OpenRange {
  std::optional<c10_npu::NPUStream> stream;
  mstxRangeId id = MSTX_INVALID_RANGE_ID;  // CANN's, once it has begun
};

struct Marks {
  std::mutex mutex;
  std::map<std::string, mstxDomainHandle_t> domains;
  std::unordered_map<uint64_t, OpenRange> ranges;
  uint64_t last_range = 0;
};

Marks& marks() {
  static Marks& instance = *new Marks;
  return instance;
}

// With the lock held.
mstxDomainHandle_t domain_handle(const std::string& name) {
  auto [entry, is_new] = marks().domains.try_emplace(name, nullptr);
  if (is_new) entry->second = mstxDomainCreateA(name.c_str());
  return entry->second;
}

// Runs `call` with CANN's stream, in order with what was submitted to `stream` before.
template <class CallWithStream>
void in_order(const Stream& stream, CallWithStream&& call) {
  if (!stream.has_value()) return call(nullptr);
  c10_npu::submit(*stream, [call = std::forward<CallWithStream>(call), handle = stream->handle()] {
    call(handle);
  });
}

}  // namespace

std::atomic<bool> marks_recorded{false};

void mark(const std::string& message, const Stream& stream, const std::string& domain) {
  if (!marks_recorded) return;
  const mstxDomainHandle_t handle = [&] {
    const std::lock_guard lock(marks().mutex);
    return domain_handle(domain);
  }();
  in_order(stream,
           [handle, message](aclrtStream on) { mstxDomainMarkA(handle, message.c_str(), on); });
}

uint64_t range_start(const std::string& message, const Stream& stream, const std::string& domain) {
  if (!marks_recorded) return 0;
  Marks& all = marks();
  std::unique_lock lock(all.mutex);
  const uint64_t range = ++all.last_range;
  all.ranges.emplace(range, OpenRange{stream});
  const mstxDomainHandle_t handle = domain_handle(domain);
  lock.unlock();
  in_order(stream, [handle, message, range](aclrtStream on) {
    const mstxRangeId id = mstxDomainRangeStartA(handle, message.c_str(), on);
    const std::lock_guard relock(marks().mutex);
    if (const auto found = marks().ranges.find(range); found != marks().ranges.end()) {
      found->second.id = id;
    }
  });
  return range;
}

void range_end(uint64_t range, const std::string& domain) {
  Marks& all = marks();
  std::unique_lock lock(all.mutex);
  const auto found = all.ranges.find(range);
  if (found == all.ranges.end()) return;
  const Stream stream = found->second.stream;
  const mstxDomainHandle_t handle = domain_handle(domain);
  lock.unlock();
  in_order(stream, [handle, range](aclrtStream) {
    std::unique_lock relock(marks().mutex);
    const auto entry = marks().ranges.extract(range);
    relock.unlock();
    if (!entry.empty()) mstxDomainRangeEnd(handle, entry.mapped().id);
  });
}

}  // namespace torch_npu::profiler
