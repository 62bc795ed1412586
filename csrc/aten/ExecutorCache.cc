#include "csrc/aten/ExecutorCache.h"

#include <atomic>
#include <mutex>

#include "csrc/aten/AclnnCall.h"
#include "csrc/core/Capture.h"
#include "csrc/core/CoreLimits.h"
#include "csrc/core/Determinism.h"
#include "csrc/core/Env.h"
#include "csrc/core/LaunchHistory.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUWorkspace.h"
#include "csrc/core/TaskQueue.h"

namespace at_npu::aclnn {
namespace {

// Written by one thread, read by any.
class Counter {
 public:
  void increase() { set(get() + 1); }
  uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  void set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }

  std::atomic<uint64_t> value_{0};
};

}  // namespace

struct ExecutorCache::Counters {
  Counter hits, misses, not_cacheable;

  void add_to(ExecutorCacheStats& sum) const {
    sum.hits += hits.get();
    sum.misses += misses.get();
    sum.not_cacheable += not_cacheable.get();
  }
};

struct ExecutorCache::AllCounters {
  std::mutex mutex;
  std::vector<const Counters*> of_threads;
  ExecutorCacheStats of_ended_threads{};
};

// Never destroyed: threads may end after main() has returned.
ExecutorCache::AllCounters& ExecutorCache::all_counters() {
  static auto& counters = *new AllCounters;
  return counters;
}

void CallKey::add(Call&, const Parameter&, const at::Scalar& scalar) {
  add(static_cast<uint64_t>(scalar.type()));
  if (scalar.isComplex()) {
    const auto value = scalar.toComplexDouble();
    add(std::bit_cast<uint64_t>(value.real()));
    add(std::bit_cast<uint64_t>(value.imag()));
  } else if (scalar.isFloatingPoint()) {
    add(std::bit_cast<uint64_t>(scalar.toDouble()));
  } else {
    add(static_cast<uint64_t>(scalar.toLong()));
  }
}

void CallKey::finish(c10::DeviceIndex device) {
  add(static_cast<uint64_t>(c10_npu::core_limits_version()) << 32 |
      static_cast<uint64_t>(device) << 8 | static_cast<uint64_t>(c10_npu::determinism()));
  // Multiply and fold, word by word.
  hash_ = 0x9e3779b97f4a7c15;
  if (!is_usable()) return;
  for (const uint64_t word : words()) {
    const auto product = static_cast<unsigned __int128>(hash_ ^ word) * 0xd6e8feb86659fd93;
    hash_ = static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
}

CachedExecutor::~CachedExecutor() {
  if (!c10_npu::is_in_bad_fork()) NPU_CHECK_WARN(aclDestroyAclOpExecutor(launch_.executor));
}

void CachedExecutor::add_target(aclTensorList* list) {
  const size_t index = next_index_++;
  if (list == nullptr) return;
  uint64_t size = 0;
  NPU_CHECK(aclGetTensorListSize(list, &size));
  for (size_t i = 0; i < size; ++i) targets_.push_back({index, nullptr, list, i});
}

void CachedExecutor::launch(const CallKey::Addresses& addresses, void* workspace,
                            aclrtStream stream) const {
  void* const* address = addresses.data();
  for (const Target& target : targets_) {
    if (target.list != nullptr) {
      NPU_CHECK(aclSetDynamicTensorAddr(launch_.executor, target.index, target.relative,
                                        target.list, *address++));
    } else if (target.tensor != nullptr) {
      NPU_CHECK(aclSetTensorAddr(launch_.executor, target.index, target.tensor, *address++));
    }
  }
  Launch launch = launch_;
  launch.workspace = workspace;
  launch.stream = stream;
  launch();
}

ExecutorCache::ExecutorCache() : counters_(std::make_unique<Counters>()) {
  AllCounters& all = all_counters();
  const std::lock_guard lock(all.mutex);
  all.of_threads.push_back(counters_.get());
}

ExecutorCache::~ExecutorCache() {
  AllCounters& all = all_counters();
  const std::lock_guard lock(all.mutex);
  counters_->add_to(all.of_ended_threads);
  std::erase(all.of_threads, counters_.get());
}

ExecutorCache& ExecutorCache::of_this_thread() {
  thread_local ExecutorCache cache;
  return cache;
}

bool ExecutorCache::is_enabled() {
  static const bool enabled = c10_npu::env::flag("TORCH_NPU_EXECUTOR_CACHE");
  return enabled;
}

ExecutorCacheStats ExecutorCache::stats() {
  AllCounters& all = all_counters();
  const std::lock_guard lock(all.mutex);
  ExecutorCacheStats sum = all.of_ended_threads;
  for (const Counters* counters : all.of_threads) counters->add_to(sum);
  return sum;
}

const c10::intrusive_ptr<CachedExecutor>* ExecutorCache::find(const CallKey& key) {
  for (Entry& entry : kept_.of(key.hash())) {
    if (entry.hash == key.hash() && entry.executor && entry.executor->matches(key)) {
      entry.hit = true;
      counters_->hits.increase();
      return &entry.executor;
    }
  }
  counters_->misses.increase();
  return nullptr;
}

// What was hit gets a second chance, so that calls which never come again displace each other.
void ExecutorCache::insert(uint64_t hash, c10::intrusive_ptr<CachedExecutor> executor) {
  Entry* place = &kept_.turn(hash);
  while (std::exchange(place->hit, false)) place = &kept_.turn(hash);
  *place = {hash, false, std::move(executor)};
}

bool ExecutorCache::missed_again(uint64_t hash) {
  const auto missed = missed_.of(hash);
  if (std::ranges::find(missed, hash) != missed.end()) return true;
  missed_.turn(hash) = hash;
  return false;
}

void ExecutorCache::count_not_cacheable() { counters_->not_cacheable.increase(); }

CachedLaunch make_cached_launch(const c10::intrusive_ptr<CachedExecutor>& executor,
                                const CallKey& key, const c10_npu::NPUStream& stream) {
  void* workspace = executor->workspace_size() == 0
                        ? nullptr
                        : c10_npu::workspace(executor->workspace_size(), stream);
  return {executor, key.addresses(), workspace, stream.handle()};
}

bool call_cached(CallKey& key, const Call& call, bool* keep) {
  c10_npu::follow_deterministic_algorithms();
  ExecutorCache& cache = ExecutorCache::of_this_thread();
  key.finish(call.device());
  // What a capture has recorded must stay as it is; core limits differ by stream.
  if (C10_UNLIKELY(!key.is_usable() || call.device() < 0 ||
                   c10_npu::capture_underway(call.device()) ||
                   c10_npu::detail::streams_have_limits || c10_npu::records_stacks())) {
    cache.count_not_cacheable();
    return false;
  }
  const auto* executor = cache.find(key);
  if (C10_UNLIKELY(executor == nullptr)) {
    // With level 2, first-time calls are prepared by the queue: shapes that never come again.
    *keep = c10_npu::task_queue_level() < 2 || cache.missed_again(key.hash());
    return false;
  }
  const c10_npu::NPUStream stream = call.stream();
  c10_npu::submit(stream, make_cached_launch(*executor, key, stream));
  finish_launch(stream);
  return true;
}

}  // namespace at_npu::aclnn
