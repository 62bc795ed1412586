#pragma once

#include <memory>
#include <string>

#include "emulator/hccl/communicator.h"

namespace ascend_emulator::hccl {

// What an HcclComm points to. It is never freed, so that a destroyed communicator is recognised.
class Handle {
 public:
  static HcclComm create(std::shared_ptr<Communicator> communicator);
  // Null for anything but a live communicator.
  static std::shared_ptr<Communicator> find(HcclComm client);
  // The newest live one of that name; null if there is none.
  static HcclComm find(const std::string& name);
  // Takes the communicator out of its handle; null as above.
  static std::shared_ptr<Communicator> release(HcclComm client);

 private:
  uint64_t magic_ = 0;
  std::shared_ptr<Communicator> communicator_;
};

}  // namespace ascend_emulator::hccl
