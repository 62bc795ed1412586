#include "csrc/distributed/HCCLError.h"

namespace c10d_npu {
namespace {

// Advice that several codes share.
constexpr char kReport[] =
    "this is an error of the software: report it with HCCL's text and a script that shows it";
constexpr char kPeers[] =
    "look at the other ranks' output first: the rank that failed first has the cause";
constexpr char kNetwork[] =
    "check the links between the devices and hosts (hccn_tool, npu-smi info)";
constexpr char kMemory[] = "use smaller batches, a smaller HCCL_BUFFSIZE or fewer process groups";

constexpr c10_npu::ErrorEntry kErrors[] = {
    {HCCL_E_PARA, "HCCL_E_PARA", "a parameter is invalid", "HCCL's text says which", false},
    {HCCL_E_PTR, "HCCL_E_PTR", "a pointer is null", kReport, false},
    {HCCL_E_MEMORY, "HCCL_E_MEMORY", "memory could not be used", kMemory, false},
    {HCCL_E_INTERNAL, "HCCL_E_INTERNAL", "internal error of HCCL", kReport, false},
    {HCCL_E_NOT_SUPPORT, "HCCL_E_NOT_SUPPORT", "the device does not support this",
     "use a data type and reduction that HCCL's text lists, or cast first", false},
    {HCCL_E_NOT_FOUND, "HCCL_E_NOT_FOUND", "a resource was not found", kReport, false},
    {HCCL_E_UNAVAIL, "HCCL_E_UNAVAIL", "a resource is unavailable",
     "do not use a process group after it was destroyed or aborted", false},
    {HCCL_E_SYSCALL, "HCCL_E_SYSCALL", "a system call failed",
     "check limits (ulimit -n) and permissions", false},
    {HCCL_E_TIMEOUT, "HCCL_E_TIMEOUT", "waiting for other ranks took too long",
     "find out why the ranks that HCCL's text names are late; HCCL_CONNECT_TIMEOUT and "
     "HCCL_EXEC_TIMEOUT set the limits (seconds)",
     false},
    {HCCL_E_OPEN_FILE_FAILURE, "HCCL_E_OPEN_FILE_FAILURE", "a file could not be opened",
     "check RANK_TABLE_FILE", false},
    {HCCL_E_TCP_CONNECT, "HCCL_E_TCP_CONNECT", "connecting to another rank failed", kPeers, true},
    {HCCL_E_ROCE_CONNECT, "HCCL_E_ROCE_CONNECT", "connecting over RoCE failed", kNetwork, true},
    {HCCL_E_TCP_TRANSFER, "HCCL_E_TCP_TRANSFER", "a transfer over TCP failed", kPeers, false},
    {HCCL_E_ROCE_TRANSFER, "HCCL_E_ROCE_TRANSFER", "a transfer over RoCE failed", kNetwork, false},
    {HCCL_E_RUNTIME, "HCCL_E_RUNTIME", "a call of the device's runtime failed",
     "an earlier error on the device or its stream is the likely cause", false},
    {HCCL_E_DRV, "HCCL_E_DRV", "a call of the device's driver failed",
     "check the device with npu-smi info", false},
    {HCCL_E_PROFILING, "HCCL_E_PROFILING", "a profiling call failed", kReport, false},
    {HCCL_E_CCE, "HCCL_E_CCE", "a CCE call failed", kReport, false},
    {HCCL_E_NETWORK, "HCCL_E_NETWORK", "a network call failed", kNetwork, false},
    {HCCL_E_AGAIN, "HCCL_E_AGAIN", "try again", "repeat the call", true},
    {HCCL_E_REMOTE, "HCCL_E_REMOTE", "another rank has failed", kPeers, false},
    {HCCL_E_SUSPENDING, "HCCL_E_SUSPENDING", "the communicator is suspended",
     "resume it before using it", true},
    {HCCL_E_OPRETRY_FAIL, "HCCL_E_OPRETRY_FAIL", "retrying a collective failed", kNetwork, false},
    {HCCL_E_OOM, "HCCL_E_OOM", "out of memory", kMemory, false},
};

}  // namespace

std::span<const c10_npu::ErrorEntry> hccl_errors() { return kErrors; }

std::string describe_hccl_error(HcclResult code, const char* call) {
  return c10_npu::describe_error(kErrors, code, call);
}

void throw_hccl_error(HcclResult code, const char* call, c10::SourceLocation where) {
  throw c10::DistBackendError(where, describe_hccl_error(code, call));
}

}  // namespace c10d_npu
