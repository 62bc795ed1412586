#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace ascend_emulator {
inline namespace profiling {

// A raw data file that is appended to. After the first failure (disk full …) it writes nothing more
// and keeps the reason.
class RecordFile {
 public:
  explicit RecordFile(std::string path);
  ~RecordFile();
  RecordFile(const RecordFile&) = delete;
  RecordFile& operator=(const RecordFile&) = delete;

  template <class Record>
  void append(const Record& record) {
    append_bytes(&record, sizeof(record));
  }
  void append_line(std::string_view line);
  void flush();

  // Flushes and leaves the companion "<path>.done", by which readers know that the file is whole.
  void mark_done();

  const std::string& error() const { return error_; }

 private:
  void append_bytes(const void* bytes, size_t size);
  void note_failure();

  std::string path_;
  std::string error_;
  FILE* file_;
};

}  // namespace profiling
}  // namespace ascend_emulator
