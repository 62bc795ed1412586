#include "csrc/distributed/HCCLConfig.h"

#include <c10/util/Exception.h>

#include <cstddef>
#include <cstring>
#include <limits>

#include "hccl/hccl.h"

namespace c10d_npu {
namespace {

// Where a key's value goes in HcclCommConfig, and from which capability on HCCL has the field.
struct Field {
  const char* key;
  size_t offset;
  size_t size;
  bool text;
  uint32_t capability;
};

#define HCCL_FIELD(key, member, text, capability) \
  {key, offsetof(HcclCommConfig, member), sizeof(HcclCommConfig::member), text, capability}

constexpr Field kFields[] = {
    HCCL_FIELD("hccl_buffer_size", hcclBufferSize, false, HCCL_COMM_CONFIG_BUFFER_SIZE),
    HCCL_FIELD("group_name", hcclUdi, true, HCCL_COMM_CONFIG_COMM_NAME),
    HCCL_FIELD("comm_name", hcclCommName, true, HCCL_COMM_CONFIG_COMM_NAME),
    HCCL_FIELD("qos_traffic_class", hcclRdmaTrafficClass, false, HCCL_COMM_CONFIG_BUFFER_SIZE),
    HCCL_FIELD("qos_service_level", hcclRdmaServiceLevel, false, HCCL_COMM_CONFIG_BUFFER_SIZE),
    HCCL_FIELD("hccl_sdma_qos", hcclQos, false, HCCL_COMM_CONFIG_BUFFER_SIZE),
    HCCL_FIELD("hccl_op_expansion_mode", hcclOpExpansionMode, false,
               HCCL_COMM_CONFIG_OP_EXPANSION_MODE),
    HCCL_FIELD("hccl_world_rank_id", hcclWorldRankID, false, HCCL_COMM_CONFIG_WORLD_RANKID),
    HCCL_FIELD("hccl_job_id", hcclJobID, false, HCCL_COMM_CONFIG_JOBID),
    HCCL_FIELD("hccl_exec_timeout", hcclExecTimeOut, false, HCCL_COMM_CONFIG_EXEC_TIMEOUT),
    HCCL_FIELD("hccl_algo", hcclAlgo, true, HCCL_COMM_CONFIG_ALGO),
    HCCL_FIELD("hccl_retry_enable", hcclRetryEnable, true, HCCL_COMM_CONFIG_RETRY),
    HCCL_FIELD("hccl_retry_params", hcclRetryParams, true, HCCL_COMM_CONFIG_RETRY),
    HCCL_FIELD("hccl_buffer_name", hcclBufferName, true, HCCL_COMM_CONFIG_BUFFER_NAME),
};

#undef HCCL_FIELD

constexpr uint32_t kNotSet = 0xffffffff;
constexpr uint64_t kSymmetricMemoryGigabytes = 16;

HcclCommConfig defaults() {
  HcclCommConfig config{};
  config.size = sizeof(config);
  config.magicWord = HCCL_COMM_CONFIG_MAGIC_WORD;
  config.version = HCCL_COMM_CONFIG_VERSION;
  config.hcclBufferSize = kNotSet;
  config.hcclDeterministic = kNotSet;
  config.hcclRdmaTrafficClass = kNotSet;
  config.hcclRdmaServiceLevel = kNotSet;
  config.hcclExecTimeOut = static_cast<int32_t>(kNotSet);
  config.hcclQos = kNotSet;
  config.hcclSymWinMaxMemSizePerRank = kSymmetricMemoryGigabytes;
  return config;
}

const Field& find_field(const std::string& key) {
  std::string known;
  for (const Field& field : kFields) {
    if (key == field.key) return field;
    known += std::string(known.empty() ? "" : ", ") + field.key;
  }
  TORCH_CHECK_VALUE(false, "hccl_config has no key '", key, "'; it knows ", known);
}

void set_text(HcclCommConfig& config, const Field& field, const std::string& value) {
  TORCH_CHECK_VALUE(value.size() < field.size, "hccl_config['", field.key, "'] has ", value.size(),
                    " characters, HCCL takes at most ", field.size - 1);
  std::memcpy(reinterpret_cast<char*>(&config) + field.offset, value.c_str(), value.size() + 1);
}

void set_number(HcclCommConfig& config, const Field& field, int64_t value) {
  const int64_t highest = field.size == sizeof(uint64_t) ? std::numeric_limits<int64_t>::max()
                                                         : std::numeric_limits<uint32_t>::max();
  TORCH_CHECK_VALUE(value >= 0 && value <= highest, "hccl_config['", field.key, "'] is ", value,
                    ", expected 0 to ", highest);
  // Little endian, as every host of an Ascend device.
  std::memcpy(reinterpret_cast<char*>(&config) + field.offset, &value, field.size);
}

}  // namespace

HcclCommConfig make_comm_config(const HCCLConfig& options) {
  HcclCommConfig config = defaults();
  const uint32_t capabilities = HcclGetCommConfigCapability();
  for (const auto& [key, value] : options) {
    const Field& field = find_field(key);
    TORCH_CHECK(field.capability < capabilities,
                "the installed HCCL has no setting for hccl_config['", key,
                "']: install a newer CANN");
    TORCH_CHECK_TYPE(std::holds_alternative<std::string>(value) == field.text, "hccl_config['", key,
                     "'] is expected to be ", field.text ? "a str" : "an int");
    if (field.text) {
      set_text(config, field, std::get<std::string>(value));
    } else {
      set_number(config, field, std::get<int64_t>(value));
    }
  }
  return config;
}

}  // namespace c10d_npu
