#include "csrc/core/NPUGraph.h"

#include <ATen/ops/empty.h>
#include <c10/core/StreamGuard.h>

#include <algorithm>
#include <mutex>

#include "acl/acl.h"
#include "csrc/core/Capture.h"
#include "csrc/core/Env.h"
#include "csrc/core/NPUCachingAllocator.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUGuard.h"
#include "csrc/core/NPUHostAllocator.h"

namespace at {
REGISTER_GRAPH_IMPL(NPU, c10_npu::NPUGraph)
}  // namespace at

namespace c10_npu {
namespace {

constexpr std::pair<at::GraphCaptureMode, aclmdlRICaptureMode> kModes[] = {
    {at::GraphCaptureMode::Default, ACL_MODEL_RI_CAPTURE_MODE_GLOBAL},
    {at::GraphCaptureMode::Global, ACL_MODEL_RI_CAPTURE_MODE_GLOBAL},
    {at::GraphCaptureMode::ThreadLocal, ACL_MODEL_RI_CAPTURE_MODE_THREAD_LOCAL},
    {at::GraphCaptureMode::Relaxed, ACL_MODEL_RI_CAPTURE_MODE_RELAXED},
};

aclmdlRICaptureMode capture_mode(at::GraphCaptureMode mode) {
  return std::ranges::find(kModes, mode,
                           &std::pair<at::GraphCaptureMode, aclmdlRICaptureMode>::first)
      ->second;
}

// The graphs that are being captured.
struct Captures {
  std::mutex mutex;
  std::vector<NPUGraph*> graphs;
};

Captures& captures() {
  static Captures& all = *new Captures;
  return all;
}

}  // namespace

NPUGraph::~NPUGraph() {
  if (is_in_bad_fork()) return;
  try {
    reset();
  } catch (const c10::Error& error) {
    TORCH_WARN("an npu graph and its memory were not released: ", error.what_without_backtrace());
  }
}

void NPUGraph::capture_begin(c10::MempoolId_t pool, at::GraphCaptureMode mode) {
  TORCH_CHECK(state_ == State::kEmpty,
              "this NPUGraph has been captured already: call reset() first, or use another one");
  TORCH_CHECK(!env::launch_blocking(),
              "a graph cannot be captured with ASCEND_LAUNCH_BLOCKING=1, which waits for each "
              "operator: captured ones run at replay() only. Unset it.");
  const NPUStream stream = getCurrentNPUStream();
  TORCH_CHECK(stream != getDefaultNPUStream(),
              "the default stream cannot be captured: use torch.npu.graph(), which captures a "
              "stream of its own, or call capture_begin() in torch.npu.stream(torch.npu.Stream())");
  TORCH_CHECK(!is_captured(stream),
              "the current stream is being captured already: end that capture first");
  const c10::DeviceIndex device = stream.device_index();
  detail::getDefaultNPUGenerator(device);  // its first use seeds it, which a capture refuses
  flush_tasks(device);                     // and raises what went wrong before
  std::atomic<int>& underway = detail::captures[device];
  ++underway;
  in_place_.emplace();
  try {
    NPU_CHECK(aclmdlRICaptureBegin(stream.handle(), capture_mode(mode)));
  } catch (...) {
    in_place_.reset();
    --underway;
    throw;
  }
  aclmdlRICaptureStatus status = ACL_MODEL_RI_CAPTURE_STATUS_NONE;
  NPU_CHECK(aclmdlRICaptureGetInfo(stream.stream(), &status, &model_));
  stream_ = stream;
  state_ = State::kCapturing;
  pool_ = pool == c10::MempoolId_t(0, 0) ? NPUCachingAllocator::newPoolId(false) : pool;
  const auto is_ours = [model = model_](c10::Stream other) {
    return is_captured(NPUStream(other), model);
  };
  NPUCachingAllocator::beginAllocateToPool(device, pool_, is_ours);
  host_pool_ = NPUCachingAllocator::newPoolId(false);
  NPUHostAllocator::get()->begin_allocate_to_pool(host_pool_, is_ours);
  const std::lock_guard lock(captures().mutex);
  captures().graphs.push_back(this);
}

// The stream runs what it is given again.
void NPUGraph::leave_capture() {
  in_place_.reset();
  --detail::captures[stream_->device_index()];
  NPUCachingAllocator::endAllocateToPool(stream_->device_index(), pool_);
  NPUHostAllocator::get()->end_allocate_to_pool(host_pool_);
  const std::lock_guard lock(captures().mutex);
  std::erase(captures().graphs, this);
}

void NPUGraph::release_memory() {
  state_ = State::kEmpty;
  model_ = nullptr;
  draws_.clear();  // the tensors are of the pool
  NPUCachingAllocator::releasePool(stream_->device_index(), pool_);
  NPUHostAllocator::get()->release_pool(host_pool_);
}

void NPUGraph::capture_end() {
  TORCH_CHECK(state_ == State::kCapturing, "capture_end() needs a capture_begin() before it");
  TORCH_CHECK(getCurrentNPUStream() == *stream_,
              "capture_end() must be called with the stream current that was captured");
  try {
    NPU_CHECK(aclmdlRICaptureEnd(stream_->stream(), &model_));
  } catch (...) {
    leave_capture();
    release_memory();
    throw;
  }
  leave_capture();
  state_ = State::kCaptured;
}

void NPUGraph::replay() {
  check_captured("replay()");
  const NPUGuard guard(stream_->device_index());
  const NPUStream stream = getCurrentNPUStream();
  TORCH_CHECK(!is_captured(stream),
              "replay() cannot be part of another graph: end the capture of "
              "the current stream first");
  for (Draws& draws : draws_) {
    const std::lock_guard lock(draws.generator->mutex_);
    const auto [seed, offset] = draws.generator->philox_engine_inputs(draws.count);
    draws.seed.fill_(static_cast<int64_t>(seed));
    draws.offset.fill_(static_cast<int64_t>(offset));
  }
  NPU_CHECK(aclmdlRIExecuteAsync(model_, stream.stream()));
}

// The memory may only go once the graph is known not to run.
void NPUGraph::reset() {
  if (state_ == State::kEmpty) return;
  const NPUGuard guard(stream_->device_index());
  if (state_ == State::kCapturing) {
    model_ = nullptr;
    static_cast<void>(aclmdlRICaptureEnd(stream_->stream(), &model_));
    leave_capture();
    state_ = State::kCaptured;
  }
  if (model_ != nullptr) NPU_CHECK(aclmdlRIDestroy(model_));
  release_memory();
}

c10::MempoolId_t NPUGraph::pool() const {
  TORCH_CHECK(state_ != State::kEmpty, "pool() needs a graph that has been captured");
  return pool_;
}

void NPUGraph::debug_dump(const std::string& path) {
  check_captured("debug_dump()");
  NPU_CHECK(aclmdlRIDebugJsonPrint(
      model_, path.c_str(),
      verbose_ ? ACL_MDLRI_DEBUG_JSON_PRINT_VERBOSE : ACL_MDLRI_DEBUG_JSON_PRINT_SUMMARY));
}

void NPUGraph::check_captured(const char* call) const {
  TORCH_CHECK(state_ == State::kCaptured, call,
              " needs a graph whose capture has ended: capture with torch.npu.graph(), or with "
              "capture_begin() and capture_end()");
}

CapturedPhilox NPUGraph::reserve(NPUGeneratorImpl& generator, uint64_t increment) {
  auto draws = std::ranges::find(draws_, &generator,
                                 [](const Draws& entry) { return entry.generator.get(); });
  if (draws == draws_.end()) {
    const auto options = at::TensorOptions().dtype(at::kLong).device(generator.device());
    // Not of the graph's memory: there, operators that come earlier in a replay would overwrite
    // what replay() has written.
    const c10::StreamGuard guard(getDefaultNPUStream(generator.device().index()).unwrap());
    draws = draws_.insert(
        draws, {c10::intrusive_ptr<NPUGeneratorImpl>::unsafe_reclaim_from_nonowning(&generator),
                at::empty({1}, options), at::empty({1}, options)});
  }
  const CapturedPhilox result{draws->seed, draws->offset, draws->count};
  draws->count += NPUGeneratorImpl::round_up(increment);
  return result;
}

std::optional<CapturedPhilox> NPUGraph::reserve(NPUGeneratorImpl& generator, uint64_t increment,
                                                const NPUStream& stream) {
  if (C10_LIKELY(!capture_underway(stream.device_index()))) return std::nullopt;
  const std::lock_guard lock(captures().mutex);
  for (NPUGraph* graph : captures().graphs) {
    if (is_captured(stream, graph->model_)) return graph->reserve(generator, increment);
  }
  return std::nullopt;
}

namespace {
thread_local std::optional<InPlaceLaunches> update_in_place;
}  // namespace

void task_group_begin(const NPUStream& stream) {
  const NPUGuard guard(stream.device_index());
  NPU_CHECK(aclmdlRICaptureTaskGrpBegin(stream.stream()));
}

void* task_group_end(const NPUStream& stream) {
  const NPUGuard guard(stream.device_index());
  aclrtTaskGrp group = nullptr;
  NPU_CHECK(aclmdlRICaptureTaskGrpEnd(stream.stream(), &group));
  return group;
}

void task_update_begin(const NPUStream& stream, void* group) {
  const NPUGuard guard(stream.device_index());
  NPU_CHECK(aclmdlRICaptureTaskUpdateBegin(stream.stream(), group));
  update_in_place.emplace();
  detail::updates_task_group = true;
}

void task_update_end(const NPUStream& stream) {
  const NPUGuard guard(stream.device_index());
  detail::updates_task_group = false;
  update_in_place.reset();
  NPU_CHECK(aclmdlRICaptureTaskUpdateEnd(stream.stream()));
}

}  // namespace c10_npu
