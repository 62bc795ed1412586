#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace ascend_emulator {

// A few facts for other processes: a sealed memfd, handed out by the descriptor server.
class SharedRecord {
 public:
  SharedRecord() = default;
  SharedRecord(SharedRecord&& other) noexcept;
  SharedRecord& operator=(SharedRecord&& other) noexcept;
  ~SharedRecord();

  // Empty name: failed, see the recent message. Withdrawn with the object.
  static SharedRecord offer(const std::vector<std::byte>& facts, bool for_all);
  const std::string& name() const { return name_; }

  // Takes a fetched descriptor over. The facts are empty if it is no record. Until the object goes,
  // or the process, the owner sees that somebody uses what the record stands for.
  static SharedRecord read(int fetched, std::vector<std::byte>* facts);

  bool used() const;  // the owner's: by any other process

 private:
  int fd_ = -1;
  std::string name_;
};

}  // namespace ascend_emulator
