#pragma once

#include <cstdint>

// Records as they lie in the PROF directory: little endian, no padding, one after the other, so
// that a reader maps a file as an array of structs.
namespace ascend_emulator {
inline namespace profiling {

constexpr uint16_t kRecordMagic = 0x5A5A;

// CANN's own layout (host/data/unaging.api_event.data.slice_N). CANN leaves `reserve` empty; the
// emulator puts the connection id there, which CANN's reader has to infer from times.
struct MsprofApi {
  uint16_t magic;
  uint16_t level;
  uint32_t type;  // named by the lines "level_type:name" of unaging.additional.type_info_dic
  uint32_t thread_id;
  uint32_t reserve;
  uint64_t begin;
  uint64_t end;
  uint64_t item_id;  // hash id of the name, see unaging.additional.hash_dic
};
static_assert(sizeof(MsprofApi) == 40);

// The emulator's own layout (device_N/data/emulator_task.data.N.slice_0): one finished device task.
// Texts are hash ids. Times are nanoseconds of CLOCK_MONOTONIC_RAW, measured on the emulator.
struct EmulatorTask {
  uint16_t magic;
  uint16_t kind;  // ascend_emulator::TaskKind
  uint32_t thread_id;
  uint32_t stream_id;
  uint32_t task_id;
  uint32_t connection_id;
  uint32_t block_num;
  uint64_t submit;
  uint64_t start;
  uint64_t end;
  uint64_t name;
  uint64_t type;
  uint64_t engine;
  uint64_t details;  // 0: shapes were not recorded
  uint64_t bytes;
};
static_assert(sizeof(EmulatorTask) == 88);

// The emulator's own layout (host/data/unaging.additional.msproftx.slice_0): a mark or a range of a
// client. Texts are hash ids.
struct EmulatorMark {
  uint16_t magic;
  uint16_t kind;  // ascend_emulator::MarkKind
  uint32_t begin_thread;
  uint32_t end_thread;
  uint32_t begin_connection;
  uint32_t end_connection;
  uint32_t reserve;
  uint64_t begin;
  uint64_t end;
  uint64_t id;
  uint64_t domain;
  uint64_t message;
};
static_assert(sizeof(EmulatorMark) == 64);

}  // namespace profiling
}  // namespace ascend_emulator
