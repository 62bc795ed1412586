#include "csrc/profiler/event_writer.h"

#include <c10/util/Exception.h>
#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>

#include "csrc/profiler/thread_events.h"

namespace torch_npu::profiler {
namespace {

constexpr auto kPeriod = std::chrono::milliseconds(5);

FILE* create(const std::string& path) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  TORCH_CHECK(descriptor >= 0, "The profiler cannot create ", path, ": ", std::strerror(errno));
  return fdopen(descriptor, "wb");
}

}  // namespace

EventWriter::EventWriter(const std::string& directory)
    : path_(directory + "/torch.op_range"), file_(create(path_)) {
  for_each_thread([](ThreadEvents& events) {
    events.op_ranges.drain([](std::span<const std::byte>) {});
    events.op_ranges.take_dropped();
  });
  thread_ = std::thread(&EventWriter::run, this);
}

EventWriter::~EventWriter() {
  join();
  std::fclose(file_);
}

uint64_t EventWriter::finish() {
  join();
  drain();
  if (std::fflush(file_) != 0 && error_ == 0) error_ = errno;
  TORCH_CHECK(error_ == 0, "The profiler cannot write ", path_, ": ", std::strerror(error_));
  return dropped_;
}

void EventWriter::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, kPeriod);
    drain();
  }
}

void EventWriter::drain() {
  for_each_thread([this](ThreadEvents& events) {
    events.op_ranges.drain([this](std::span<const std::byte> bytes) {
      if (error_ != 0) return;
      if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) error_ = errno;
    });
    dropped_ += events.op_ranges.take_dropped();
  });
}

void EventWriter::join() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

}  // namespace torch_npu::profiler
