#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "csrc/distributed/CollectiveRecord.h"

namespace c10d_npu {

// How far each rank of a group is, told through the store, but only once a rank asks because one of
// its collectives timed out.
class RankStatus {
 public:
  RankStatus(c10::intrusive_ptr<c10d::Store> store, int rank, int size);

  int rank() const { return rank_; }
  void enqueued(const CollectiveRecord& record);
  void completed(const CollectiveRecord& record);

  // Tells where this rank is if any rank asks. A rank that makes progress need not look.
  void answer();

  // Asks all ranks and says which are behind `record`, and which do not answer.
  std::string verdict(const CollectiveRecord& record);

 private:
  std::string key(int rank) const;
  void publish();
  void made_progress() { last_progress_ = CollectiveRecord::Clock::now(); }

  c10::intrusive_ptr<c10d::Store> store_;
  const int rank_;
  const int size_;
  std::atomic<uint64_t> enqueued_{0};
  std::atomic<uint64_t> completed_{0};
  std::atomic<const char*> last_name_{"nothing"};
  std::atomic<CollectiveRecord::Clock::time_point> last_progress_{CollectiveRecord::Clock::now()};
  bool answered_ = false;
};

}  // namespace c10d_npu
