#pragma once

#include <atomic>
#include <mutex>

namespace ascend_emulator {

class Stream;

// Where streams live and what a thread has as its current device. Each device has a primary context
// while it is set; clients may create more.
struct Context {
  Context(int device, bool primary) : device(device), primary(primary) {}

  std::atomic<bool> live{false};
  const int device;
  const bool primary;
  std::mutex mutex;
  std::atomic<Stream*> default_stream{nullptr};  // created when first used
};

Context* current_context();  // of the calling thread; null: none, or destroyed meanwhile
void set_current_context(Context* context);

Context* find_context(const void* handle);          // null: no live context
Context* create_context(int device, bool primary);  // null: too many
void destroy_context(Context* context);             // with its streams
void destroy_contexts_of(int device);

}  // namespace ascend_emulator
