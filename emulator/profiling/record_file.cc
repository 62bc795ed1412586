#include "emulator/profiling/record_file.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

namespace ascend_emulator {
inline namespace profiling {

namespace {

// With the mode that CANN's result files have.
FILE* open_for_append(const std::string& path) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  return descriptor < 0 ? nullptr : fdopen(descriptor, "ab");
}

}  // namespace

RecordFile::RecordFile(std::string path) : path_(std::move(path)), file_(open_for_append(path_)) {
  if (file_ == nullptr) note_failure();
}

RecordFile::~RecordFile() {
  if (file_ != nullptr) std::fclose(file_);
}

void RecordFile::append_line(std::string_view line) {
  append_bytes(line.data(), line.size());
  append_bytes("\n", 1);
}

void RecordFile::append_bytes(const void* bytes, size_t size) {
  if (!error_.empty()) return;
  if (std::fwrite(bytes, 1, size, file_) != size) note_failure();
}

void RecordFile::flush() {
  if (error_.empty() && std::fflush(file_) != 0) note_failure();
}

void RecordFile::mark_done() {
  flush();
  if (FILE* done = open_for_append(path_ + ".done")) std::fclose(done);
}

void RecordFile::note_failure() { error_ = "cannot write " + path_ + ": " + std::strerror(errno); }

}  // namespace profiling
}  // namespace ascend_emulator
