#include "csrc/core/NPUSharedMemory.h"

#include <ATen/MapAllocator.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "acl/acl.h"
#include "csrc/core/NPUCachingAllocator.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUGuard.h"

namespace c10_npu {
namespace {

using Counter = std::atomic<int64_t>;
static_assert(Counter::is_always_lock_free && sizeof(Counter) == sizeof(int64_t));

constexpr size_t kCounters = 8192;  // of a file
constexpr size_t kFileBytes = kCounters * sizeof(Counter);

// A file of counters in shared memory, which is removed once no process has it open.
class CounterFile {
 public:
  static std::shared_ptr<CounterFile> create() {
    return std::make_shared<CounterFile>(at::NewProcessWideShmHandle(),
                                         at::ALLOCATOR_MAPPED_EXCLUSIVE);
  }
  static std::shared_ptr<CounterFile> open(const std::string& name) {
    return std::make_shared<CounterFile>(name, at::ALLOCATOR_MAPPED_NOCREATE);
  }
  CounterFile(std::string name, int flags)
      : name_(std::move(name)),
        memory_(at::RefcountedMapAllocator::makeDataPtr(
            name_.c_str(), at::ALLOCATOR_MAPPED_SHAREDMEM | flags, kFileBytes, nullptr)) {}

  const std::string& name() const { return name_; }
  Counter& at(size_t index) const { return static_cast<Counter*>(memory_.get())[index]; }

 private:
  std::string name_;
  at::DataPtr memory_;
};

// What this process shares.
struct Sent {
  c10::Storage storage;
  std::shared_ptr<CounterFile> file;
  size_t counter;
};
struct Sender {
  std::mutex mutex;
  std::vector<Sent> sent;
  std::shared_ptr<CounterFile> file;  // that new counters come from
  size_t next = 0;
};

Sender& sender() {
  static Sender& instance = *new Sender;
  return instance;
}

// Segments of other processes, each opened once.
class OpenSegment {
 public:
  OpenSegment(c10::DeviceIndex device, std::string key) : device_(device), key_(std::move(key)) {
    const NPUGuard guard(device_);
    NPU_CHECK(aclrtIpcMemImportByKey(&address_, key_.c_str(),
                                     ACL_RT_IPC_MEM_IMPORT_FLAG_ENABLE_PEER_ACCESS));
  }
  ~OpenSegment() {
    if (is_in_bad_fork()) return;
    const NPUGuard guard(device_);
    NPU_CHECK_WARN(aclrtIpcMemClose(key_.c_str()));
  }
  OpenSegment(const OpenSegment&) = delete;
  OpenSegment& operator=(const OpenSegment&) = delete;

  std::byte* address() const { return static_cast<std::byte*>(address_); }

 private:
  c10::DeviceIndex device_;
  std::string key_;
  void* address_ = nullptr;
};

std::shared_ptr<OpenSegment> open_segment(c10::DeviceIndex device, const std::string& key) {
  static std::mutex mutex;
  static auto& segments = *new std::map<std::string, std::weak_ptr<OpenSegment>>;
  const std::lock_guard lock(mutex);
  std::weak_ptr<OpenSegment>& known = segments[key];
  std::shared_ptr<OpenSegment> segment = known.lock();
  if (!segment) known = segment = std::make_shared<OpenSegment>(device, key);
  std::erase_if(segments, [](const auto& entry) { return entry.second.expired(); });
  return segment;
}

// What a storage of another process holds on to.
struct Received {
  c10::DeviceIndex device;
  std::shared_ptr<OpenSegment> segment;
  std::shared_ptr<CounterFile> file;
  size_t counter;
};

// The other process may overwrite the memory as soon as it is told.
void release(void* context) {
  const std::unique_ptr<Received> received(static_cast<Received*>(context));
  if (is_in_bad_fork()) return;
  try {
    const NPUGuard guard(received->device);
    getCurrentNPUStream().synchronize();
  } catch (const c10::Error& error) {
    TORCH_WARN("npu memory of another process is not given back, its use did not end: ",
               error.what_without_backtrace());
    return;
  }
  --received->file->at(received->counter);
}

// With the sender's lock held.
void collect(Sender& from) {
  std::erase_if(from.sent, [](const Sent& sent) { return sent.file->at(sent.counter) == 0; });
}

}  // namespace

SharedStorage share(const c10::Storage& storage) {
  const c10::DeviceIndex device = storage.device().index();
  const NPUGuard guard(device);
  const auto [key, offset] = NPUCachingAllocator::share(storage.data_ptr());
  getCurrentNPUStream().synchronize();
  Sender& from = sender();
  const std::lock_guard lock(from.mutex);
  collect(from);
  if (!from.file || from.next == kCounters) {
    from.file = CounterFile::create();
    from.next = 0;
  }
  const size_t counter = from.next++;
  from.file->at(counter) = 1;
  from.sent.push_back({storage, from.file, counter});
  return {device, key, offset, storage.nbytes(), from.file->name(), counter};
}

void collect_shared() {
  Sender& from = sender();
  const std::lock_guard lock(from.mutex);
  collect(from);
}

c10::Storage open_shared(const SharedStorage& shared) {
  check_device_index(shared.device);
  auto received =
      std::make_unique<Received>(shared.device, open_segment(shared.device, shared.key),
                                 CounterFile::open(shared.counter_file), shared.counter);
  std::byte* address = received->segment->address() + shared.offset;
  c10::DataPtr data(address, received.release(), &release, c10::Device(kNPU, shared.device));
  return c10::Storage(c10::Storage::use_byte_size_t(), shared.size, std::move(data),
                      /*allocator=*/nullptr, /*resizable=*/false);
}

void release_shared(const SharedStorage& shared) {
  --CounterFile::open(shared.counter_file)->at(shared.counter);
}

}  // namespace c10_npu
