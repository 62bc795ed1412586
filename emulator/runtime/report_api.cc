#include <pthread.h>

#include <map>

#include "acl/acl_rt.h"
#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/report_queue.h"
#include "emulator/runtime/stream_state.h"
#include "emulator/runtime/timeout.h"

using namespace ascend_emulator;

namespace {

struct Queues {
  std::mutex mutex;
  std::map<uint64_t, std::weak_ptr<ReportQueue>> by_thread;  // alive while a stream is subscribed
};

Queues& queues() {
  static Queues& all = *new Queues;
  return all;
}

std::shared_ptr<ReportQueue> queue_of(uint64_t thread, bool create) {
  std::lock_guard lock(queues().mutex);
  auto queue = queues().by_thread[thread].lock();
  if (queue == nullptr && create) {
    queue = std::make_shared<ReportQueue>();
    queues().by_thread[thread] = queue;
  }
  return queue;
}

class CallbackTask : public Task {
 public:
  CallbackTask(std::shared_ptr<ReportQueue> queue, aclrtCallback function, void* argument,
               bool block)
      : queue_(std::move(queue)), function_(function), argument_(argument), block_(block) {
    info.name = info.type = info.engine = "CALLBACK";
    info.kind = TaskKind::kHostFunction;
  }

  aclError run() override {
    const BlockingRegion client_code;
    queue_->post(function_, argument_, block_);
    return ACL_SUCCESS;
  }

 private:
  std::shared_ptr<ReportQueue> queue_;
  aclrtCallback function_;
  void* argument_;
  bool block_;
};

}  // namespace

aclError aclrtSubscribeReport(uint64_t threadId, aclrtStream stream) {
  ACL_API_SCOPE(aclrtSubscribeReport);
  Stream* found;
  const aclError error = find_stream("aclrtSubscribeReport", stream, &found);
  if (error != ACL_SUCCESS) return error;
  std::lock_guard lock(found->report_mutex);
  if (found->report_queue != nullptr) {
    return fail(ACL_ERROR_RT_STREAM_SUBSCRIBE,
                "aclrtSubscribeReport: stream %u is already subscribed by a thread", found->id);
  }
  found->report_queue = queue_of(threadId, true);
  found->report_queue->subscribe();
  return ACL_SUCCESS;
}

aclError aclrtUnSubscribeReport(uint64_t threadId, aclrtStream stream) {
  ACL_API_SCOPE(aclrtUnSubscribeReport);
  Stream* found;
  const aclError error = find_stream("aclrtUnSubscribeReport", stream, &found);
  if (error != ACL_SUCCESS) return error;
  std::lock_guard lock(found->report_mutex);
  if (found->report_queue == nullptr || found->report_queue != queue_of(threadId, false)) {
    return fail(ACL_ERROR_RT_STREAM_SUBSCRIBE,
                "aclrtUnSubscribeReport: stream %u is not subscribed by thread %llu", found->id,
                static_cast<unsigned long long>(threadId));
  }
  found->report_queue->unsubscribe();
  found->report_queue = nullptr;
  return ACL_SUCCESS;
}

aclError aclrtLaunchCallback(aclrtCallback fn, void* userData, aclrtCallbackBlockType blockType,
                             aclrtStream stream) {
  ACL_API_SCOPE(aclrtLaunchCallback);
  if (fn == nullptr) return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtLaunchCallback: fn is null");
  Stream* found;
  const aclError error = find_stream("aclrtLaunchCallback", stream, &found);
  if (error != ACL_SUCCESS) return error;
  std::shared_ptr<ReportQueue> queue;
  {
    std::lock_guard lock(found->report_mutex);
    queue = found->report_queue;
  }
  if (queue == nullptr) {
    return fail(ACL_ERROR_RT_STREAM_NO_CB_REG,
                "aclrtLaunchCallback: no thread runs functions of stream %u: call "
                "aclrtSubscribeReport first",
                found->id);
  }
  const bool block = blockType == ACL_CALLBACK_BLOCK;
  return found->submit(std::make_unique<CallbackTask>(std::move(queue), fn, userData, block));
}

aclError aclrtProcessReport(int32_t timeout) {
  ACL_API_SCOPE(aclrtProcessReport);
  const aclError error = check_timeout("aclrtProcessReport", timeout);
  if (error != ACL_SUCCESS) return error;
  const auto queue = queue_of(static_cast<uint64_t>(pthread_self()), false);
  if (queue == nullptr) {
    return fail(ACL_ERROR_RT_THREAD_SUBSCRIBE,
                "aclrtProcessReport: no stream is subscribed for this thread: call "
                "aclrtSubscribeReport first");
  }
  if (queue->run_one(timeout)) return ACL_SUCCESS;
  return fail(ACL_ERROR_RT_REPORT_TIMEOUT, "aclrtProcessReport: nothing to run within %d ms",
              timeout);
}
