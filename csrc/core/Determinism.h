#pragma once

namespace c10_npu {

// How far kernels must give the same bits again: torch.npu.set_deterministic_level().
enum class Determinism : int {
  kNone = 0,
  kSameRun = 1,   // the same bits for the same call
  kSameRows = 2,  // and for the same rows in a batch of another size
};

// Tells CANN, for operators that are prepared from now on, if the level is another than before.
// Initializes the runtime.
void set_determinism(Determinism level);
Determinism determinism() noexcept;

// What torch.use_deterministic_algorithms() says holds for the operators that come: on, level 1 at
// least; off, level 0.
void follow_deterministic_algorithms();

}  // namespace c10_npu
