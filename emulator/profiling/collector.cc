#include "emulator/profiling/collector.h"

#include <chrono>
#include <string_view>

#include "acl/acl_prof.h"
#include "emulator/profiling/raw_records.h"

namespace ascend_emulator {
inline namespace profiling {
namespace {

constexpr auto kPeriod = std::chrono::milliseconds(20);
constexpr uint64_t kTaskMasks =
    ACL_PROF_TASK_TIME | ACL_PROF_TASK_TIME_L0 | ACL_PROF_TASK_TIME_L2 | ACL_PROF_TASK_TIME_L3;

// Which switch turns an API level on. A launch is part of its task, so it comes with the tasks.
struct LevelSwitch {
  Level level;
  uint64_t masks;
};
constexpr LevelSwitch kLevelSwitches[] = {
    {Level::kAcl, ACL_PROF_ACL_API},
    {Level::kModel, ACL_PROF_GE_API_L0 | ACL_PROF_GE_API_L1},
    {Level::kNode, kTaskMasks},
    {Level::kCommunication, kTaskMasks | ACL_PROF_HCCL_TRACE},
    {Level::kRuntime, ACL_PROF_RUNTIME_API},
};

uint64_t switches_of(Level level) {
  for (const LevelSwitch& entry : kLevelSwitches) {
    if (entry.level == level) return entry.masks;
  }
  return 0;
}

// CANN numbers ACL functions by family.
struct TypeBase {
  std::string_view prefix;
  uint32_t base;
};
constexpr TypeBase kTypeBases[] = {
    {"aclnn", 0x50000}, {"aclop", 0x10000}, {"aclmdl", 0x20000},
    {"aclrt", 0x30000}, {"Hccl", 0x70000},  {"", 0x40000},
};
constexpr uint32_t kNodeLaunch = 5;
constexpr uint32_t kOtherLevels = 0x1000;  // above CANN's small numbers

uint32_t new_api_type(const ApiRecord& api, uint32_t index) {
  const std::string_view name = api.name;
  if (api.level == Level::kNode && name == "launch") return kNodeLaunch;
  if (api.level != Level::kAcl) return kOtherLevels + index;
  for (const TypeBase& entry : kTypeBases) {
    if (name.starts_with(entry.prefix)) return entry.base + index;
  }
  return index;
}

}  // namespace

Collector::Collector(std::string directory)
    : directory_(std::move(directory)),
      apis_(directory_ + "/host/data/unaging.api_event.data.slice_0"),
      hashes_(directory_ + "/host/data/unaging.additional.hash_dic.slice_0"),
      types_(directory_ + "/host/data/unaging.additional.type_info_dic.slice_0"),
      marks_(directory_ + "/host/data/unaging.additional.msproftx.slice_0"),
      dictionary_([this](uint64_t id, std::string_view text) {
        hashes_.append_line(std::to_string(id) + ":" + std::string(text));
      }) {
  collect();  // with no mask set: throws away what the last session left behind
  thread_ = std::thread(&Collector::run, this);
}

Collector::~Collector() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  collect();
  for (RecordFile* file : {&apis_, &hashes_, &types_, &marks_}) file->mark_done();
  for (auto& [device, file] : tasks_) file->mark_done();
}

void Collector::set_masks(const std::map<int, uint64_t>& masks) {
  std::lock_guard lock(mutex_);
  collect();
  masks_ = masks;
  all_masks_ = 0;
  for (const auto& [device, mask] : masks_) {
    all_masks_ |= mask;
    auto& file = tasks_[device];
    if (file != nullptr) continue;
    const std::string id = std::to_string(device);
    file = std::make_unique<RecordFile>(directory_ + "/device_" + id + "/data/emulator_task.data." +
                                        id + ".slice_0");
  }
}

std::string Collector::error() {
  std::lock_guard lock(mutex_);
  for (RecordFile* file : {&apis_, &hashes_, &types_, &marks_}) {
    file->flush();
    if (!file->error().empty()) return file->error();
  }
  for (auto& [device, file] : tasks_) {
    file->flush();
    if (!file->error().empty()) return file->error();
  }
  return {};
}

void Collector::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, kPeriod);
    collect();
  }
}

void Collector::collect() {
  for_each_thread([this](ThreadRecords& records) {
    records.apis.drain([this](ApiRecord& api) { write(api); });
    records.tasks.drain([this](FinishedTask& task) { write(task); });
    records.marks.drain([this](Mark& mark) { write(mark); });
  });
}

void Collector::write(const ApiRecord& api) {
  if ((all_masks_ & switches_of(api.level)) == 0) return;
  apis_.append(MsprofApi{.magic = kRecordMagic,
                         .level = static_cast<uint16_t>(api.level),
                         .type = api_type(api),
                         .thread_id = api.thread_id,
                         .reserve = api.connection_id,
                         .begin = api.begin_ns,
                         .end = api.end_ns,
                         .item_id = dictionary_.id_of_static(api.name)});
}

void Collector::write(const Mark& mark) {
  if ((all_masks_ & ACL_PROF_MSPROFTX) == 0) return;
  marks_.append(EmulatorMark{.magic = kRecordMagic,
                             .kind = static_cast<uint16_t>(mark.kind),
                             .begin_thread = mark.begin_thread,
                             .end_thread = mark.end_thread,
                             .begin_connection = mark.begin_connection,
                             .end_connection = mark.end_connection,
                             .reserve = 0,
                             .begin = mark.begin_ns,
                             .end = mark.end_ns,
                             .id = mark.id,
                             .domain = dictionary_.id_of(mark.domain),
                             .message = dictionary_.id_of(mark.message)});
}

void Collector::write(FinishedTask& task) {
  const auto mask = masks_.find(task.record.device);
  const TaskInfo& info = task.info;
  const uint64_t wanted = info.kind == TaskKind::kMark ? ACL_PROF_MSPROFTX : kTaskMasks;
  if (mask == masks_.end() || (mask->second & wanted) == 0) return;
  // A kernel runs as one block, on its stream's worker.
  tasks_[task.record.device]->append(
      EmulatorTask{.magic = kRecordMagic,
                   .kind = static_cast<uint16_t>(info.kind),
                   .thread_id = static_cast<uint32_t>(info.connection_id >> 32),
                   .stream_id = task.record.stream,
                   .task_id = task.record.task,
                   .connection_id = static_cast<uint32_t>(info.connection_id),
                   .block_num = 1,
                   .submit = task.record.submit_ns,
                   .start = task.record.start_ns,
                   .end = task.record.end_ns,
                   .name = dictionary_.id_of_static(info.name),
                   .type = dictionary_.id_of_static(info.type),
                   .engine = dictionary_.id_of_static(info.engine),
                   .details = task.details.empty() ? 0 : dictionary_.id_of(task.details),
                   .bytes = info.bytes});
}

uint32_t Collector::api_type(const ApiRecord& api) {
  const uint64_t key = dictionary_.id_of_static(api.name) ^ static_cast<uint64_t>(api.level);
  const auto [entry, added] = api_types_.try_emplace(key, 0);
  if (added) {
    entry->second = new_api_type(api, static_cast<uint32_t>(api_types_.size()));
    types_.append_line(std::to_string(static_cast<int>(api.level)) + "_" +
                       std::to_string(entry->second) + ":" + api.name);
  }
  return entry->second;
}

}  // namespace profiling
}  // namespace ascend_emulator
