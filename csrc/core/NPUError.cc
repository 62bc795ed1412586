#include "csrc/core/NPUError.h"

#include <algorithm>

#include "acl/acl.h"
#include "csrc/core/LaunchHistory.h"
#include "csrc/core/ThreadState.h"
#include "third_party/cann/stubs/loader.h"

namespace c10_npu {
namespace {

// Advice that several codes share.
constexpr char ADVICE_REPORT[] =
    "this is an error of the software: report it with CANN's text and a script that shows it";
constexpr char ADVICE_FILE[] = "check the file that CANN's text names";
constexpr char ADVICE_DISK[] = "check free space and permissions of the disk";
constexpr char ADVICE_OPP[] =
    "install the CANN kernels package of this device's SoC and source CANN's set_env.sh";
constexpr char ADVICE_UPGRADE[] = "a newer CANN or driver may have it";
constexpr char ADVICE_TIMEOUT[] =
    "a kernel hangs, or another rank never joined a collective: look at the other ranks first";
constexpr char ADVICE_CALLBACK[] = "subscribe exactly one thread to a stream that has callbacks";
constexpr char ADVICE_CAPTURE[] =
    "capture only stream-ordered work, on a stream other than the default one";
constexpr char ADVICE_MEMORY[] =
    "use smaller batches, release tensors, or call torch.npu.empty_cache(); see npu-smi info for "
    "other processes on the device";
constexpr char ADVICE_OVERFLOW[] = "look for inf or nan in the inputs; lower the loss scale";
constexpr char ADVICE_DEVICE[] = "check the device's health with npu-smi info";
constexpr char ADVICE_RESOURCE[] = "release unused streams, events and graphs";
constexpr char ADVICE_FIRST_ERROR[] = "look for the first error in CANN's text or log";
constexpr char ADVICE_KERNEL[] =
    "the error is asynchronous and may come from an earlier operator: run again with "
    "ASCEND_LAUNCH_BLOCKING=1 to find it";
constexpr char ADVICE_HARDWARE[] = "the hardware is at fault: take the device out of service";

constexpr ErrorEntry kAclErrors[] = {
#define ACL_CODE(name, code, meaning, advice, retryable) {code, #name, meaning, advice, retryable},
#include "csrc/core/error_codes.inc"
#undef ACL_CODE
};

bool is_out_of_memory(int code) {
  return code == ACL_ERROR_RT_MEMORY_ALLOCATION || code == ACL_ERROR_RT_DEVICE_OOM;
}

// CANN's block of errors that tasks had on a device.
bool is_device_error(int code) { return code >= 507000 && code < 508000; }

}  // namespace

std::span<const ErrorEntry> acl_errors() { return kAclErrors; }

const ErrorEntry* find_error(std::span<const ErrorEntry> table, int code) {
  const auto entry = std::ranges::find(table, code, &ErrorEntry::code);
  return entry == table.end() ? nullptr : &*entry;
}

std::string describe_error(std::span<const ErrorEntry> table, int code, std::string_view call) {
  std::string text = c10::str(call, " failed");
  const std::string missing = cann::take_missing_report();
  if (code == cann::kMissingSymbol) return c10::str(text, ": ", missing);
  const char* recent = aclGetRecentErrMsg();
  if (const ErrorEntry* entry = find_error(table, code)) {
    text += c10::str(" with ", entry->name, " (", code, "): ", entry->meaning,
                     ".\n  What to do: ", entry->advice, ".",
                     entry->retryable ? " The call can be tried again." : "");
  } else {
    text += c10::str(" with code ", code, ", which is not in this version's table of errors.");
  }
  if (recent != nullptr && *recent != '\0') text += c10::str("\n  CANN says: ", recent);
  return text;
}

void throw_acl_error(int code, const char* call, c10::SourceLocation where) {
  std::string text = describe_error(acl_errors(), code, call);
  if (is_device_error(code) && !is_out_of_memory(code))
    text += describe_last_launches(thread_state.current, text);
  if (is_out_of_memory(code)) throw c10::OutOfMemoryError(where, std::move(text));
  throw c10::AcceleratorError(where, code, std::move(text));
}

void warn_acl_error(int code, const char* call) noexcept {
  try {
    TORCH_WARN(describe_error(acl_errors(), code, call));
  } catch (const std::exception&) {
    // Warnings turned into errors, or no memory for the text: a destructor has nobody to tell.
  }
}

}  // namespace c10_npu
