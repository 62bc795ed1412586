#pragma once

namespace torch_npu::profiler {

// Records every at::RecordFunction range of every thread (autograd's and the user's alike) into
// thread_events(). Both calls are rare and not thread safe against each other.
void start_observing_ops(bool record_shapes);
void stop_observing_ops();

}  // namespace torch_npu::profiler
