// The Ascend runtime: devices, contexts, streams, events and memory.
#ifndef ACL_ACL_RT_H_
#define ACL_ACL_RT_H_

#include "acl/acl_base.h"

typedef enum {
  ACL_MEM_MALLOC_HUGE_FIRST,
  ACL_MEM_MALLOC_HUGE_ONLY,
  ACL_MEM_MALLOC_NORMAL_ONLY,
  ACL_MEM_MALLOC_HUGE_FIRST_P2P,
  ACL_MEM_MALLOC_HUGE_ONLY_P2P,
  ACL_MEM_MALLOC_NORMAL_ONLY_P2P,
} aclrtMemMallocPolicy;

typedef enum {
  ACL_MEMCPY_HOST_TO_HOST,
  ACL_MEMCPY_HOST_TO_DEVICE,
  ACL_MEMCPY_DEVICE_TO_HOST,
  ACL_MEMCPY_DEVICE_TO_DEVICE,
  ACL_MEMCPY_DEFAULT,
  ACL_MEMCPY_HOST_TO_BUF_TO_DEVICE,
  ACL_MEMCPY_INNER_DEVICE_TO_DEVICE,
  ACL_MEMCPY_INTER_DEVICE_TO_DEVICE,
} aclrtMemcpyKind;

typedef enum {
  ACL_DDR_MEM,
  ACL_HBM_MEM,
  ACL_DDR_MEM_HUGE,
  ACL_DDR_MEM_NORMAL,
  ACL_HBM_MEM_HUGE,
  ACL_HBM_MEM_NORMAL,
  ACL_DDR_MEM_P2P_HUGE,
  ACL_DDR_MEM_P2P_NORMAL,
  ACL_HBM_MEM_P2P_HUGE,
  ACL_HBM_MEM_P2P_NORMAL,
  ACL_HBM_MEM_HUGE1G,
  ACL_HBM_MEM_P2P_HUGE1G,
  ACL_MEM_NORMAL,
  ACL_MEM_HUGE,
  ACL_MEM_HUGE1G,
  ACL_MEM_P2P_NORMAL,
  ACL_MEM_P2P_HUGE,
  ACL_MEM_P2P_HUGE1G,
} aclrtMemAttr;

typedef enum { ACL_DEVICE, ACL_HOST } aclrtRunMode;

typedef enum {
  ACL_EVENT_STATUS_COMPLETE = 0,
  ACL_EVENT_STATUS_NOT_READY = 1,
  ACL_EVENT_STATUS_RESERVED = 2,
} aclrtEventStatus;

typedef enum {
  ACL_EVENT_RECORDED_STATUS_NOT_READY = 0,
  ACL_EVENT_RECORDED_STATUS_COMPLETE = 1,
} aclrtEventRecordedStatus;

typedef enum {
  ACL_EVENT_WAIT_STATUS_COMPLETE = 0,
  ACL_EVENT_WAIT_STATUS_NOT_READY = 1,
  ACL_EVENT_WAIT_STATUS_RESERVED = 0xFFFF,
} aclrtEventWaitStatus;

typedef enum {
  ACL_STREAM_STATUS_COMPLETE = 0,
  ACL_STREAM_STATUS_NOT_READY = 1,
  ACL_STREAM_STATUS_RESERVED = 0xFFFF,
} aclrtStreamStatus;

typedef enum { ACL_CALLBACK_NO_BLOCK, ACL_CALLBACK_BLOCK } aclrtCallbackBlockType;

typedef enum {
  ACL_FEATURE_TSCPU_TASK_UPDATE_SUPPORT_AIC_AIV = 1,
  ACL_FEATURE_SYSTEM_MEMQ_EVENT_CROSS_DEV = 21,
} aclrtDevFeatureType;

typedef enum {
  ACL_DEV_ATTR_AICPU_CORE_NUM = 1,
  ACL_DEV_ATTR_AICORE_CORE_NUM = 101,
  ACL_DEV_ATTR_CUBE_CORE_NUM = 102,
  ACL_DEV_ATTR_VECTOR_CORE_NUM = 201,
  ACL_DEV_ATTR_TOTAL_GLOBAL_MEM_SIZE = 301,
  ACL_DEV_ATTR_L2_CACHE_SIZE = 302,
  ACL_DEV_ATTR_IS_VIRTUAL = 501,
  ACL_DEV_ATTR_NPU_ARCH = 601,
} aclrtDevAttr;

typedef enum {
  ACL_RT_OVERFLOW_MODE_SATURATION = 0,
  ACL_RT_OVERFLOW_MODE_INFNAN,
  ACL_RT_OVERFLOW_MODE_UNDEF,
} aclrtFloatOverflowMode;

typedef enum {
  ACL_RT_DEV_RES_CUBE_CORE = 0,
  ACL_RT_DEV_RES_VECTOR_CORE,
} aclrtDevResLimitType;

typedef enum { ACL_RT_THREAD_LEVEL = 0 } aclrtLastErrLevel;

typedef enum {
  ACL_MEM_LOCATION_TYPE_HOST = 0,
  ACL_MEM_LOCATION_TYPE_DEVICE,
  ACL_MEM_LOCATION_TYPE_UNREGISTERED,
  ACL_MEM_LOCATION_TYPE_HOST_NUMA = 4,
} aclrtMemLocationType;

// Percentages; -1 where the device does not say.
typedef struct {
  int32_t cubeUtilization;
  int32_t vectorUtilization;
  int32_t aicpuUtilization;
  int32_t memoryUtilization;
  void* utilizationExtend;  // reserved
} aclrtUtilizationInfo;

typedef struct {
  uint32_t id;
  aclrtMemLocationType type;
} aclrtMemLocation;

typedef struct {
  aclrtMemLocation location;
  uint32_t pageSize;
  uint32_t rsv[4];
} aclrtPtrAttributes;

typedef enum {
  ACL_MEM_HANDLE_TYPE_NONE = 0,
  ACL_MEM_HANDLE_TYPE_POSIX = 2,
} aclrtMemHandleType;

typedef enum { ACL_MEM_ALLOCATION_TYPE_PINNED = 0 } aclrtMemAllocationType;

// Memory without an address; aclrtMapMem gives it one.
typedef void* aclrtDrvMemHandle;

typedef struct {
  aclrtMemHandleType handleType;
  aclrtMemAllocationType allocationType;
  aclrtMemAttr memAttr;
  aclrtMemLocation location;
  uint64_t reserve;
} aclrtPhysicalMemProp;

typedef enum {
  ACL_RT_MEM_ALLOC_GRANULARITY_MINIMUM,
  ACL_RT_MEM_ALLOC_GRANULARITY_RECOMMENDED,
  ACL_RT_MEM_ALLOC_GRANULARITY_UNDEF = 0xFFFF,
} aclrtMemGranularityOptions;

typedef enum { ACL_RT_IPC_MEM_ATTR_ACCESS_LINK } aclrtIpcMemAttrType;

#define ACL_IPC_EVENT_HANDLE_SIZE 64U
typedef struct {
  char reserved[ACL_IPC_EVENT_HANDLE_SIZE];
} aclrtIpcEventHandle;

typedef enum {
  ACL_PKG_NAME_CANN,
  ACL_PKG_NAME_RUNTIME,
  ACL_PKG_NAME_COMPILER,
  ACL_PKG_NAME_HCCL,
  ACL_PKG_NAME_TOOLKIT,
  ACL_PKG_NAME_OPP,
  ACL_PKG_NAME_OPP_KERNEL,
  ACL_PKG_NAME_DRIVER,
} aclCANNPackageName;

typedef struct {
  char version[128];
  char majorVersion[64];
  char minorVersion[64];
  char releaseVersion[64];
  char patchVersion[64];
  char reserved[128];
} aclCANNPackageVersion;

#define ACL_EVENT_SYNC 0x00000001U
#define ACL_EVENT_CAPTURE_STREAM_PROGRESS 0x00000002U
#define ACL_EVENT_TIME_LINE 0x00000008U
#define ACL_EVENT_DEVICE_USE_ONLY 0x00000010U
#define ACL_EVENT_EXTERNAL 0x00000020U
#define ACL_EVENT_IPC 0x00000040U

#define ACL_STREAM_FAST_LAUNCH 0x00000001U
#define ACL_STREAM_FAST_SYNC 0x00000002U
#define ACL_STREAM_PERSISTENT 0x00000004U
#define ACL_STREAM_HUGE 0x00000008U

#define ACL_RT_IPC_MEM_EXPORT_FLAG_DEFAULT 0x0UL
#define ACL_RT_IPC_MEM_EXPORT_FLAG_DISABLE_PID_VALIDATION 0x1UL
#define ACL_RT_IPC_MEM_IMPORT_FLAG_DEFAULT 0x0UL
#define ACL_RT_IPC_MEM_IMPORT_FLAG_ENABLE_PEER_ACCESS 0x1UL
#define ACL_RT_VMM_EXPORT_FLAG_DEFAULT 0x0UL
#define ACL_RT_VMM_EXPORT_FLAG_DISABLE_PID_VALIDATION 0x1UL

typedef void (*aclrtCallback)(void* userData);
typedef void (*aclrtHostFunc)(void* args);

CANN_BEGIN_DECLS

CANN_API aclError aclInit(const char* configPath);
CANN_API aclError aclFinalize();
CANN_API const char* aclGetRecentErrMsg();
CANN_API aclError aclsysGetCANNVersion(aclCANNPackageName name, aclCANNPackageVersion* version);
CANN_API aclError aclsysGetVersionStr(char* pkgName, char* versionStr);
CANN_API const char* aclrtGetSocName();
CANN_API aclError aclrtGetRunMode(aclrtRunMode* runMode);
CANN_API aclError aclrtPeekAtLastError(aclrtLastErrLevel level);
CANN_API aclError aclrtGetLastError(aclrtLastErrLevel level);

// Devices and contexts. A thread has no device until it sets one.
CANN_API aclError aclrtSetDevice(int32_t deviceId);
CANN_API aclError aclrtResetDevice(int32_t deviceId);
CANN_API aclError aclrtResetDeviceForce(int32_t deviceId);
CANN_API aclError aclrtGetDevice(int32_t* deviceId);
CANN_API aclError aclrtGetPrimaryCtxState(int32_t deviceId, uint32_t* flags, int32_t* active);
CANN_API aclError aclrtDeviceTaskAbort(int32_t deviceId, uint32_t timeout);
CANN_API aclError aclrtGetDeviceCount(uint32_t* count);
CANN_API aclError aclrtGetDeviceInfo(uint32_t deviceId, aclrtDevAttr attr, int64_t* value);
CANN_API aclError aclrtGetDeviceCapability(int32_t deviceId, aclrtDevFeatureType devFeatureType,
                                           int32_t* value);
CANN_API aclError aclrtGetDeviceUtilizationRate(int32_t deviceId,
                                                aclrtUtilizationInfo* utilizationInfo);
CANN_API aclError aclrtDeviceGetBareTgid(int32_t* pid);
CANN_API aclError aclrtSynchronizeDevice();
CANN_API aclError aclrtSynchronizeDeviceWithTimeout(int32_t timeout);
CANN_API aclError aclrtDeviceCanAccessPeer(int32_t* canAccessPeer, int32_t deviceId,
                                           int32_t peerDeviceId);
CANN_API aclError aclrtDeviceEnablePeerAccess(int32_t peerDeviceId, uint32_t flags);
CANN_API aclError aclrtDeviceDisablePeerAccess(int32_t peerDeviceId);
CANN_API aclError aclrtCreateContext(aclrtContext* context, int32_t deviceId);
CANN_API aclError aclrtDestroyContext(aclrtContext context);
CANN_API aclError aclrtSetCurrentContext(aclrtContext context);
CANN_API aclError aclrtGetCurrentContext(aclrtContext* context);
CANN_API aclError aclrtSetDeviceSatMode(aclrtFloatOverflowMode mode);
CANN_API aclError aclrtGetDeviceSatMode(aclrtFloatOverflowMode* mode);
CANN_API aclError aclrtSetSysParamOpt(aclSysParamOpt opt, int64_t value);
CANN_API aclError aclrtGetSysParamOpt(aclSysParamOpt opt, int64_t* value);
CANN_API aclError aclrtCtxSetSysParamOpt(aclSysParamOpt opt, int64_t value);
CANN_API aclError aclrtCtxGetSysParamOpt(aclSysParamOpt opt, int64_t* value);
CANN_API aclError aclrtSetOpWaitTimeout(uint32_t timeout);
CANN_API aclError aclrtSetOpExecuteTimeOut(uint32_t timeout);
CANN_API aclError aclrtSetOpExecuteTimeOutV2(uint64_t timeout, uint64_t* actualTimeout);

// Streams: ordered queues of device tasks. Time-outs are milliseconds, -1 waits for ever.
CANN_API aclError aclrtCreateStream(aclrtStream* stream);
CANN_API aclError aclrtCreateStreamWithConfig(aclrtStream* stream, uint32_t priority,
                                              uint32_t flag);
CANN_API aclError aclrtDestroyStream(aclrtStream stream);
CANN_API aclError aclrtDestroyStreamForce(aclrtStream stream);
CANN_API aclError aclrtSynchronizeStream(aclrtStream stream);
CANN_API aclError aclrtSynchronizeStreamWithTimeout(aclrtStream stream, int32_t timeout);
CANN_API aclError aclrtStreamQuery(aclrtStream stream, aclrtStreamStatus* status);
CANN_API aclError aclrtStreamAbort(aclrtStream stream);
CANN_API aclError aclrtStreamGetPriority(aclrtStream stream, uint32_t* priority);
CANN_API aclError aclrtStreamGetFlags(aclrtStream stream, uint32_t* flags);
// How many cores the operators of this process, or of a stream, may use. That of a stream counts
// for the threads that have said so (Use...), from the preparation of an operator on.
CANN_API aclError aclrtGetDeviceResLimit(int32_t deviceId, aclrtDevResLimitType type,
                                         uint32_t* value);
CANN_API aclError aclrtSetDeviceResLimit(int32_t deviceId, aclrtDevResLimitType type,
                                         uint32_t value);
CANN_API aclError aclrtResetDeviceResLimit(int32_t deviceId);
CANN_API aclError aclrtGetStreamResLimit(aclrtStream stream, aclrtDevResLimitType type,
                                         uint32_t* value);
CANN_API aclError aclrtSetStreamResLimit(aclrtStream stream, aclrtDevResLimitType type,
                                         uint32_t value);
CANN_API aclError aclrtResetStreamResLimit(aclrtStream stream);
CANN_API aclError aclrtUseStreamResInCurrentThread(aclrtStream stream);
CANN_API aclError aclrtUnuseStreamResInCurrentThread(aclrtStream stream);
CANN_API aclError aclrtGetResInCurrentThread(aclrtDevResLimitType type, uint32_t* value);

CANN_API aclError aclrtStreamGetId(aclrtStream stream, int32_t* streamId);
CANN_API aclError aclrtStreamWaitEvent(aclrtStream stream, aclrtEvent event);
CANN_API aclError aclrtStreamWaitEventWithTimeout(aclrtStream stream, aclrtEvent event,
                                                  int32_t timeout);
CANN_API aclError aclrtSetStreamFailureMode(aclrtStream stream, uint64_t mode);
CANN_API aclError aclrtDeviceGetStreamPriorityRange(int32_t* leastPriority,
                                                    int32_t* greatestPriority);
CANN_API aclError aclrtCtxGetCurrentDefaultStream(aclrtStream* stream);
CANN_API aclError aclrtLaunchHostFunc(aclrtStream stream, aclrtHostFunc fn, void* args);
CANN_API aclError aclrtSubscribeReport(uint64_t threadId, aclrtStream stream);
CANN_API aclError aclrtUnSubscribeReport(uint64_t threadId, aclrtStream stream);
CANN_API aclError aclrtProcessReport(int32_t timeout);
CANN_API aclError aclrtLaunchCallback(aclrtCallback fn, void* userData,
                                      aclrtCallbackBlockType blockType, aclrtStream stream);

// Events.
CANN_API aclError aclrtCreateEvent(aclrtEvent* event);
CANN_API aclError aclrtCreateEventWithFlag(aclrtEvent* event, uint32_t flag);
CANN_API aclError aclrtCreateEventExWithFlag(aclrtEvent* event, uint32_t flag);
CANN_API aclError aclrtDestroyEvent(aclrtEvent event);
CANN_API aclError aclrtRecordEvent(aclrtEvent event, aclrtStream stream);
CANN_API aclError aclrtResetEvent(aclrtEvent event, aclrtStream stream);
CANN_API aclError aclrtQueryEvent(aclrtEvent event, aclrtEventStatus* status);
CANN_API aclError aclrtQueryEventStatus(aclrtEvent event, aclrtEventRecordedStatus* status);
CANN_API aclError aclrtQueryEventWaitStatus(aclrtEvent event, aclrtEventWaitStatus* status);
CANN_API aclError aclrtSynchronizeEvent(aclrtEvent event);
CANN_API aclError aclrtSynchronizeEventWithTimeout(aclrtEvent event, int32_t timeout);
CANN_API aclError aclrtEventElapsedTime(float* ms, aclrtEvent startEvent, aclrtEvent endEvent);
CANN_API aclError aclrtEventGetTimestamp(aclrtEvent event, uint64_t* timestamp);
CANN_API aclError aclrtIpcGetEventHandle(aclrtEvent event, aclrtIpcEventHandle* handle);
CANN_API aclError aclrtIpcOpenEventHandle(aclrtIpcEventHandle handle, aclrtEvent* event);

// Memory. `destMax`/`maxCount` are the bytes available at the destination.
CANN_API aclError aclrtMalloc(void** devPtr, size_t size, aclrtMemMallocPolicy policy);
CANN_API aclError aclrtMallocAlign32(void** devPtr, size_t size, aclrtMemMallocPolicy policy);
CANN_API aclError aclrtFree(void* devPtr);
CANN_API aclError aclrtMallocHost(void** hostPtr, size_t size);
CANN_API aclError aclrtFreeHost(void* hostPtr);
CANN_API aclError aclrtMemset(void* devPtr, size_t maxCount, int32_t value, size_t count);
CANN_API aclError aclrtMemsetAsync(void* devPtr, size_t maxCount, int32_t value, size_t count,
                                   aclrtStream stream);
CANN_API aclError aclrtMemcpy(void* dst, size_t destMax, const void* src, size_t count,
                              aclrtMemcpyKind kind);
CANN_API aclError aclrtMemcpyAsync(void* dst, size_t destMax, const void* src, size_t count,
                                   aclrtMemcpyKind kind, aclrtStream stream);
CANN_API aclError aclrtGetMemInfo(aclrtMemAttr attr, size_t* free, size_t* total);
CANN_API aclError aclrtPointerGetAttributes(const void* ptr, aclrtPtrAttributes* attributes);

// Virtual memory: addresses and memory apart. `alignment`, `expectPtr`, `flags` and `offset` are
// reserved: 0.
CANN_API aclError aclrtReserveMemAddress(void** virPtr, size_t size, size_t alignment,
                                         void* expectPtr, uint64_t flags);
CANN_API aclError aclrtReleaseMemAddress(void* virPtr);
CANN_API aclError aclrtMallocPhysical(aclrtDrvMemHandle* handle, size_t size,
                                      const aclrtPhysicalMemProp* prop, uint64_t flags);
CANN_API aclError aclrtFreePhysical(aclrtDrvMemHandle handle);
CANN_API aclError aclrtMapMem(void* virPtr, size_t size, size_t offset, aclrtDrvMemHandle handle,
                              uint64_t flags);
CANN_API aclError aclrtUnmapMem(void* virPtr);
CANN_API aclError aclrtMemGetAllocationGranularity(aclrtPhysicalMemProp* prop,
                                                   aclrtMemGranularityOptions option,
                                                   size_t* granularity);
CANN_API aclError aclrtMemExportToShareableHandle(aclrtDrvMemHandle handle,
                                                  aclrtMemHandleType handleType, uint64_t flags,
                                                  uint64_t* shareableHandle);
CANN_API aclError aclrtMemSetPidToShareableHandle(uint64_t shareableHandle, int32_t* pid,
                                                  size_t pidNum);
CANN_API aclError aclrtMemImportFromShareableHandle(uint64_t shareableHandle, int32_t deviceId,
                                                    aclrtDrvMemHandle* handle);

// Device memory for other processes. The exporter names them (SetImportPid) unless it exports
// without validation; both sides close the key.
CANN_API aclError aclrtIpcMemGetExportKey(void* devPtr, size_t size, char* key, size_t len,
                                          uint64_t flags);
CANN_API aclError aclrtIpcMemSetImportPid(const char* key, int32_t* pid, size_t num);
CANN_API aclError aclrtIpcMemSetAttr(const char* key, aclrtIpcMemAttrType type, uint64_t attr);
CANN_API aclError aclrtIpcMemImportByKey(void** devPtr, const char* key, uint64_t flags);
CANN_API aclError aclrtIpcMemClose(const char* key);

CANN_END_DECLS

#endif  // ACL_ACL_RT_H_
