// mstx: marks and ranges of the client, for the profile.
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "emulator/profiling/marks.h"
#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/stream_state.h"
#include "mstx/ms_tools_ext.h"

using namespace ascend_emulator;

struct mstxDomainRegistration_st {
  std::string name;
};

namespace {

constexpr const char* kDefaultDomain = "default";

// Does nothing: that the device gets there is what counts.
class MarkTask : public Task {
 public:
  MarkTask() { info = {.name = "mstx", .type = "MSTX", .engine = "MSTX", .kind = TaskKind::kMark}; }
  aclError run() override { return ACL_SUCCESS; }
};

void mark_stream(const char* api, aclrtStream stream) {
  if (stream == nullptr) return;
  Stream* found;
  if (find_stream(api, stream, &found) == ACL_SUCCESS) found->submit(std::make_unique<MarkTask>());
}

struct OpenRange {
  Mark mark;
  aclrtStream stream;
};
struct Ranges {
  std::mutex mutex;
  mstxRangeId last = MSTX_INVALID_RANGE_ID;
  std::map<mstxRangeId, OpenRange> open;
};

Ranges& ranges() {
  static Ranges& instance = *new Ranges;
  return instance;
}

// Domains stay for ever: clients go on using them after mstxDomainDestroy.
struct Domains {
  std::mutex mutex;
  std::map<std::string, std::unique_ptr<mstxDomainRegistration_st>> by_name;
};

Domains& domains() {
  static Domains& instance = *new Domains;
  return instance;
}

uint32_t connection() { return static_cast<uint32_t>(current_connection_id()); }

Mark begin(MarkKind kind, const std::string& domain, const char* message) {
  return {.kind = kind,
          .id = 0,
          .begin_ns = now_ns(),
          .end_ns = 0,
          .begin_thread = current_thread(),
          .begin_connection = connection(),
          .end_thread = 0,
          .end_connection = 0,
          .domain = domain,
          .message = message};
}

void end(Mark mark) {
  mark.end_ns = now_ns();
  mark.end_thread = current_thread();
  mark.end_connection = connection();
  record_mark(std::move(mark));
}

void mark(const char* api, const std::string& domain, const char* message, aclrtStream stream) {
  if (message == nullptr || !marks_enabled.load(std::memory_order_relaxed)) return;
  const ApiScope scope(Level::kMark, api);
  Mark made = begin(MarkKind::kMark, domain, message);
  mark_stream(api, stream);
  end(std::move(made));
}

mstxRangeId start(const char* api, const std::string& domain, const char* message,
                  aclrtStream stream) {
  if (message == nullptr || !marks_enabled.load(std::memory_order_relaxed)) {
    return MSTX_INVALID_RANGE_ID;
  }
  const ApiScope scope(Level::kMark, api);
  Mark made = begin(MarkKind::kRange, domain, message);
  mark_stream(api, stream);
  Ranges& all = ranges();
  const std::lock_guard lock(all.mutex);
  made.id = ++all.last;
  const mstxRangeId id = made.id;
  all.open.emplace(id, OpenRange{std::move(made), stream});
  return id;
}

void finish(const char* api, mstxRangeId id) {
  std::optional<OpenRange> range;
  {
    Ranges& all = ranges();
    const std::lock_guard lock(all.mutex);
    const auto found = all.open.find(id);
    if (found == all.open.end()) return;
    range = std::move(found->second);
    all.open.erase(found);
  }
  if (!marks_enabled.load(std::memory_order_relaxed)) return;
  const ApiScope scope(Level::kMark, api);
  mark_stream(api, range->stream);
  end(std::move(range->mark));
}

const std::string& name_of(mstxDomainHandle_t domain) {
  static const std::string& none = *new std::string(kDefaultDomain);
  return domain == nullptr ? none : domain->name;
}

}  // namespace

void mstxMarkA(const char* message, aclrtStream stream) {
  mark("mstxMarkA", kDefaultDomain, message, stream);
}

mstxRangeId mstxRangeStartA(const char* message, aclrtStream stream) {
  return start("mstxRangeStartA", kDefaultDomain, message, stream);
}

void mstxRangeEnd(mstxRangeId id) { finish("mstxRangeEnd", id); }

mstxDomainHandle_t mstxDomainCreateA(const char* name) {
  if (name == nullptr) return nullptr;
  const std::lock_guard lock(domains().mutex);
  auto& domain = domains().by_name[name];
  if (!domain) domain = std::make_unique<mstxDomainRegistration_st>(name);
  return domain.get();
}

void mstxDomainDestroy(mstxDomainHandle_t) {}

void mstxDomainMarkA(mstxDomainHandle_t domain, const char* message, aclrtStream stream) {
  mark("mstxDomainMarkA", name_of(domain), message, stream);
}

mstxRangeId mstxDomainRangeStartA(mstxDomainHandle_t domain, const char* message,
                                  aclrtStream stream) {
  return start("mstxDomainRangeStartA", name_of(domain), message, stream);
}

void mstxDomainRangeEnd(mstxDomainHandle_t, mstxRangeId id) { finish("mstxDomainRangeEnd", id); }
