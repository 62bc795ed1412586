#pragma once

#include <c10/core/Storage.h>

#include <string>

namespace c10_npu {

// How another process finds a storage: its place in a segment that CANN shares, and a counter of
// those that use it, which lies in shared memory of the host.
struct SharedStorage {
  c10::DeviceIndex device;
  std::string key;  // of the segment
  size_t offset;    // in it
  size_t size;      // bytes of the storage
  std::string counter_file;
  size_t counter;  // index in the file
};

// Waits for the work of the current stream, so that others see what it writes. The storage is kept
// until the one process that opens it is done with it: one call for each that will.
SharedStorage share(const c10::Storage& storage);

// Gives up what other processes are done with.
void collect_shared();

// The storage of another process. When it is freed here, the other process is told.
c10::Storage open_shared(const SharedStorage& shared);

// For a SharedStorage that is not opened: tells the other process that it is not needed.
void release_shared(const SharedStorage& shared);

}  // namespace c10_npu
