// Kernels, as the operator library enqueues them: in graphs and their task groups, and with
// injected faults.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "acl/acl.h"
#include "emulator/runtime/error.h"
#include "emulator/runtime/introspection.h"
#include "emulator/runtime/stream.h"
#include "emulator/runtime/task.h"
#include "tests/emulator/runtime/check.h"

namespace ascend_emulator {
namespace {

std::vector<int> ran;

class Kernel : public Task {
 public:
  Kernel(const char* name, const char* type, int value, TaskKind kind = TaskKind::kKernel)
      : value_(value) {
    info.name = name;
    info.type = type;
    info.engine = "AI_VECTOR_CORE";
    info.kind = kind;
  }

  aclError run() override {
    ran.push_back(value_);
    return ACL_SUCCESS;
  }

 private:
  int value_;
};

aclError add(aclrtStream stream, int value) {
  return enqueue(stream, std::make_unique<Kernel>("aclnnAdd_AddAiCore_Add", "Add", value));
}

aclError mul(aclrtStream stream, int value) {
  return enqueue(stream, std::make_unique<Kernel>("aclnnMul_MulAiCore_Mul", "Mul", value));
}

aclrtStream new_stream() {
  aclrtStream stream;
  CHECK(aclrtCreateStream(&stream) == ACL_SUCCESS);
  return stream;
}

std::vector<int> take_ran(aclrtStream stream) {
  CHECK(aclrtSynchronizeStream(stream) == ACL_SUCCESS);
  return std::exchange(ran, {});
}

bool said(const char* text) { return take_recent_message().find(text) != std::string::npos; }

// Captures add 1, [add 2, mul 3], add 4.
aclmdlRI capture_group(aclrtStream stream, aclrtTaskGrp* group) {
  aclmdlRI model;
  CHECK(aclmdlRICaptureBegin(stream, ACL_MODEL_RI_CAPTURE_MODE_GLOBAL) == ACL_SUCCESS);
  CHECK(add(stream, 1) == ACL_SUCCESS);
  CHECK(aclmdlRICaptureTaskGrpBegin(stream) == ACL_SUCCESS);
  CHECK(aclmdlRICaptureTaskGrpBegin(stream) == ACL_ERROR_STREAM_TASK_GROUP_STATUS);
  CHECK(add(stream, 2) == ACL_SUCCESS && mul(stream, 3) == ACL_SUCCESS);
  CHECK(aclmdlRICaptureTaskGrpEnd(stream, group) == ACL_SUCCESS);
  CHECK(add(stream, 4) == ACL_SUCCESS);
  CHECK(aclmdlRICaptureEnd(stream, &model) == ACL_SUCCESS);
  CHECK(ran.empty());
  return model;
}

void task_groups_are_updated(aclrtStream stream) {
  aclrtTaskGrp group;
  const aclmdlRI model = capture_group(stream, &group);
  CHECK(aclmdlRIExecuteAsync(model, stream) == ACL_SUCCESS);
  CHECK((take_ran(stream) == std::vector{1, 2, 3, 4}));

  const aclrtStream updates = new_stream();
  CHECK(aclmdlRICaptureTaskUpdateBegin(updates, group) == ACL_SUCCESS);
  CHECK(aclmdlRICaptureTaskUpdateBegin(stream, group) == ACL_ERROR_STREAM_TASK_GROUP_STATUS);
  CHECK(mul(updates, 0) == ACL_ERROR_STREAM_TASK_GROUP_STATUS && said("another Add"));
  CHECK(add(updates, 20) == ACL_SUCCESS && mul(updates, 30) == ACL_SUCCESS);
  CHECK(add(updates, 0) == ACL_ERROR_STREAM_TASK_GROUP_STATUS);
  CHECK(aclmdlRICaptureTaskUpdateEnd(updates) == ACL_SUCCESS);
  CHECK(take_ran(updates).empty());
  CHECK(aclmdlRIExecuteAsync(model, stream) == ACL_SUCCESS);
  CHECK((take_ran(stream) == std::vector{1, 20, 30, 4}));

  CHECK(aclmdlRICaptureTaskUpdateBegin(updates, group) == ACL_SUCCESS);
  CHECK(aclmdlRIDestroy(model) == ACL_ERROR_STREAM_TASK_GROUP_STATUS);
  CHECK(add(updates, 200) == ACL_SUCCESS);
  CHECK(aclmdlRICaptureTaskUpdateEnd(updates) == ACL_ERROR_STREAM_TASK_GROUP_STATUS);
  CHECK(said("1 of the group's 2"));
  CHECK(aclmdlRICaptureTaskUpdateEnd(updates) == ACL_ERROR_STREAM_TASK_GROUP_STATUS);
  CHECK(take_ran(updates).empty());
  CHECK(aclmdlRIDestroy(model) == ACL_SUCCESS);
  CHECK(aclmdlRICaptureTaskUpdateBegin(updates, group) == ACL_ERROR_RT_INVALID_HANDLE);
}

void groups_take_operators_only(aclrtStream stream) {
  aclmdlRI model;
  CHECK(aclmdlRICaptureTaskGrpBegin(stream) == ACL_ERROR_RT_STREAM_NOT_CAPTURED);
  CHECK(aclmdlRICaptureBegin(stream, ACL_MODEL_RI_CAPTURE_MODE_GLOBAL) == ACL_SUCCESS);
  CHECK(aclmdlRICaptureTaskGrpBegin(stream) == ACL_SUCCESS);
  CHECK(aclrtLaunchHostFunc(stream, [](void*) {}, nullptr) == ACL_ERROR_RT_TASK_TYPE_NOT_SUPPORT);
  CHECK(aclmdlRICaptureEnd(stream, &model) == ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED);
  CHECK(aclmdlRICaptureBegin(stream, ACL_MODEL_RI_CAPTURE_MODE_GLOBAL) == ACL_SUCCESS);
  CHECK(aclmdlRICaptureTaskGrpBegin(stream) == ACL_SUCCESS);
  CHECK(aclmdlRICaptureEnd(stream, &model) == ACL_ERROR_STREAM_TASK_GROUP_STATUS);
}

void collectives_are_not_captured(aclrtStream stream) {
  aclmdlRI model;
  CHECK(aclmdlRICaptureBegin(stream, ACL_MODEL_RI_CAPTURE_MODE_GLOBAL) == ACL_SUCCESS);
  auto task = std::make_unique<Kernel>("hcom_allReduce_", "", 0, TaskKind::kCollective);
  CHECK(enqueue(stream, std::move(task)) == ACL_ERROR_RT_FEATURE_NOT_SUPPORT);
  CHECK(aclmdlRICaptureEnd(stream, &model) == ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED);
  CHECK(said("hcom_allReduce_"));
}

// The call that enqueues succeeds; the failure comes with the next synchronization and stays.
void the_nth_kernel_of_a_name_fails(const char* faults, int failing) {
  const aclrtStream stream = new_stream();
  CHECK(emulatorInjectFaults(faults) == ACL_SUCCESS);
  for (int value = 0; value < 6; ++value) {
    CHECK((value % 2 == 0 ? add(stream, value) : mul(stream, value)) == ACL_SUCCESS);
  }
  for (int attempt = 0; attempt < 2; ++attempt) {
    CHECK(aclrtSynchronizeStream(stream) == ACL_ERROR_RT_AICORE_EXCEPTION);
    CHECK(said(failing % 2 == 0 ? "aclnnAdd_AddAiCore_Add" : "aclnnMul_MulAiCore_Mul"));
  }
  CHECK(std::exchange(ran, {}).size() == 5);
  CHECK(aclrtDestroyStream(stream) == ACL_SUCCESS);
}

void a_device_works_again_after_a_reset() {
  CHECK(emulatorInjectFaults("*=507054") == ACL_SUCCESS);
  CHECK(add(nullptr, 1) == ACL_SUCCESS);
  CHECK(aclrtSynchronizeDevice() == ACL_ERROR_RT_HBM_MULTI_BIT_ECC_ERROR);
  CHECK(aclrtResetDeviceForce(0) == ACL_SUCCESS && aclrtSetDevice(0) == ACL_SUCCESS);
  CHECK(add(nullptr, 2) == ACL_SUCCESS);
  CHECK((take_ran(nullptr) == std::vector{2}));

  CHECK(emulatorInjectFaults("Add") == ACL_SUCCESS);
  CHECK(add(nullptr, 3) == ACL_SUCCESS);
  CHECK(aclrtSynchronizeDevice() == ACL_ERROR_RT_AICORE_EXCEPTION);
  CHECK(aclrtDeviceTaskAbort(0, 1000) == ACL_SUCCESS);
  CHECK(add(nullptr, 4) == ACL_SUCCESS);
  CHECK((take_ran(nullptr) == std::vector{4}));
}

void a_failure_in_a_graph_names_its_task(aclrtStream stream) {
  aclrtTaskGrp group;
  const aclmdlRI model = capture_group(stream, &group);
  CHECK(emulatorInjectFaults("aclnnMul") == ACL_SUCCESS);
  CHECK(aclmdlRIExecuteAsync(model, stream) == ACL_SUCCESS);
  CHECK(aclrtSynchronizeStream(stream) == ACL_ERROR_RT_AICORE_EXCEPTION);
  CHECK(said("task 2 of branch 0 of graph"));
  CHECK((std::exchange(ran, {}) == std::vector{1, 2}));
  CHECK(aclrtStreamAbort(stream) == ACL_SUCCESS);
  CHECK(aclmdlRIExecuteAsync(model, stream) == ACL_SUCCESS);
  CHECK((take_ran(stream) == std::vector{1, 2, 3, 4}));
}

int test() {
  CHECK(aclrtSetDevice(0) == ACL_SUCCESS);
  const aclrtStream stream = new_stream();
  task_groups_are_updated(stream);
  groups_take_operators_only(stream);
  collectives_are_not_captured(stream);
  the_nth_kernel_of_a_name_fails("*:4", 3);
  the_nth_kernel_of_a_name_fails("aclnnMul:2", 3);
  the_nth_kernel_of_a_name_fails("Add", 0);
  the_nth_kernel_of_a_name_fails("aclnnAdd_AddAiCore_Add:3", 4);
  a_failure_in_a_graph_names_its_task(stream);
  a_device_works_again_after_a_reset();
  return 0;
}

}  // namespace
}  // namespace ascend_emulator

int main() { return ascend_emulator::test(); }
