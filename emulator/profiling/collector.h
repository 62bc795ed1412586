#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "emulator/profiling/hash_dictionary.h"
#include "emulator/profiling/record_file.h"
#include "emulator/profiling/thread_records.h"

namespace ascend_emulator {
inline namespace profiling {

// Moves what threads have recorded into the files of one result directory, from a thread of its
// own.
class Collector {
 public:
  explicit Collector(std::string directory);
  ~Collector();  // collects what is left and marks the files done
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  // From now on: the ACL_PROF_* masks by device. Records of earlier times follow the earlier masks.
  void set_masks(const std::map<int, uint64_t>& masks);

  // "" or why a file could not be written.
  std::string error();

 private:
  void run();
  void collect();
  void write(const ApiRecord& api);
  void write(FinishedTask& task);
  void write(const Mark& mark);
  uint32_t api_type(const ApiRecord& api);

  std::string directory_;
  std::mutex mutex_;  // guards everything below
  std::condition_variable wake_;
  bool stopping_ = false;
  std::map<int, uint64_t> masks_;
  uint64_t all_masks_ = 0;
  RecordFile apis_;
  RecordFile hashes_;
  RecordFile types_;
  RecordFile marks_;
  HashDictionary dictionary_;
  std::unordered_map<uint64_t, uint32_t> api_types_;  // by hash id and level
  std::map<int, std::unique_ptr<RecordFile>> tasks_;
  std::thread thread_;
};

}  // namespace profiling
}  // namespace ascend_emulator
