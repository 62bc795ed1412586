"""Columns of the tables, in the words and the order that their readers know."""

_TEXT, _REAL = " TEXT", " NUMERIC"


def _schema(columns: str, **types: str) -> str:
    """Integers, unless said otherwise; a key is one."""
    return ", ".join(f"{name}{types.get(name, ' INTEGER')}" for name in columns.split(","))


CANN_TABLES = {
    "SESSION_TIME_INFO": _schema("startTimeNs,endTimeNs"),
    "NPU_INFO": _schema("id,name", name=_TEXT),
    "TASK": _schema(
        "startNs,endNs,deviceId,connectionId,globalTaskId,globalPid,taskType,contextId,streamId,"
        "taskId,modelId"
    ),
    "COMPUTE_TASK_INFO": _schema(
        "name,globalTaskId,blockNum,mixBlockNum,taskType,opType,inputFormats,inputDataTypes,"
        "inputShapes,outputFormats,outputDataTypes,outputShapes,attrInfo,opState,hf32Eligible",
        globalTaskId=" INTEGER PRIMARY KEY",
    ),
    "COMMUNICATION_OP": _schema(
        "opName,startNs,endNs,connectionId,groupName,opId,relay,retry,dataType,algType,count,"
        "opType,deviceId,rankSize",
        opId=" INTEGER PRIMARY KEY",
    ),
    "CANN_API": _schema(
        "startNs,endNs,type,globalTid,connectionId,name", connectionId=" INTEGER PRIMARY KEY"
    ),
    "MEMCPY_INFO": _schema("globalTaskId,size,memcpyOperation"),
    "OVERLAP_ANALYSIS": _schema("id,deviceId,startNs,endNs,type", id=" INTEGER PRIMARY KEY"),
}

HOST_TABLES = {
    "PYTORCH_API": _schema(
        "startNs,endNs,globalTid,connectionId,name,sequenceNumber,fwdThreadId,inputDtypes,"
        "inputShapes,callchainId,type",
        startNs=_TEXT,
        endNs=_TEXT,
    ),
    "CONNECTION_IDS": _schema("id,connectionId"),
    "PYTORCH_CALLCHAINS": _schema("id,stack,stackDepth"),
    "STEP_TIME": _schema("id,startNs,endNs"),
    "GC_RECORD": _schema("startNs,endNs,globalTid"),
    "RANK_DEVICE_MAP": _schema("rankId,deviceId"),
    "HOST_INFO": _schema("hostUid,hostName", hostUid=_TEXT, hostName=_TEXT),
    "META_DATA": _schema("name,value", name=_TEXT, value=_TEXT),
    "STRING_IDS": _schema("id,value", id=" INTEGER PRIMARY KEY", value=_TEXT),
}

_COMM = "hccl_op_name,group_name"
ANALYSIS_TABLES = {
    "CommAnalyzerTime": _schema(
        f"{_COMM},start_timestamp,elapse_time,transit_time,wait_time,synchronization_time,"
        "idle_time,step,type",
        hccl_op_name=_TEXT,
        group_name=_TEXT,
        step=_TEXT,
        type=_TEXT,
        **dict.fromkeys(("start_timestamp", "elapse_time", "transit_time", "wait_time"), _REAL),
        **dict.fromkeys(("synchronization_time", "idle_time"), _REAL),
    ),
    "CommAnalyzerBandwidth": _schema(
        f"{_COMM},transport_type,transit_size,transit_time,bandwidth,large_packet_ratio,"
        "package_size,count,total_duration,step,type",
        **dict.fromkeys(("hccl_op_name", "group_name", "transport_type", "step", "type"), _TEXT),
        **dict.fromkeys(("transit_size", "transit_time", "bandwidth", "large_packet_ratio"), _REAL),
        **dict.fromkeys(("package_size", "total_duration"), _REAL),
    ),
    "CommAnalyzerMatrix": _schema(
        f"{_COMM},src_rank,dst_rank,transport_type,transit_size,transit_time,bandwidth,step,type,"
        "op_name",
        **dict.fromkeys(
            ("hccl_op_name", "group_name", "src_rank", "dst_rank", "transport_type"), _TEXT
        ),
        **dict.fromkeys(("step", "type", "op_name"), _TEXT),
        **dict.fromkeys(("transit_size", "transit_time", "bandwidth"), _REAL),
    ),
    "StepTraceTime": _schema(
        "deviceId,step,computing,communication_not_overlapped,overlapped,communication,free,stage,"
        "bubble,communication_not_overlapped_and_exclude_receive,preparing",
        step=_TEXT,
        **dict.fromkeys(
            ("computing", "communication_not_overlapped", "overlapped", "communication"), _REAL
        ),
        **dict.fromkeys(("free", "stage", "bubble", "preparing"), _REAL),
        communication_not_overlapped_and_exclude_receive=_REAL,
    ),
}

_TYPES_OF_DATA = (
    *((0, "INT8"), (1, "INT16"), (2, "INT32"), (3, "FP16"), (4, "FP32"), (5, "INT64")),
    *((6, "UINT64"), (7, "UINT8"), (8, "UINT16"), (9, "UINT32"), (10, "FP64"), (11, "BFP16")),
    *((12, "INT128"), (14, "HIF8"), (15, "FP8E4M3"), (16, "FP8E5M2"), (17, "FP8E8M0")),
    *((255, "RESERVED"), (65534, "N/A"), (65535, "INVALID_TYPE")),
)
API_LEVELS = {
    "AscendCL": (20000, "acl"),
    "Model": (15000, "model"),
    "Node": (10000, "node"),
    "Communication": (5500, "communication"),
    "Runtime": (5000, "runtime"),
}
OPERATOR, QUEUE, TRACE, MSTX = 50001, 50002, 50003, 50004
HOST_API_TYPES = ((OPERATOR, "op"), (QUEUE, "queue"), (TRACE, "trace"), (MSTX, "mstx"))
MEMCPY_OPERATIONS = (
    *((0, "host to host"), (1, "host to device"), (2, "device to host"), (3, "device to device")),
    *((4, "managed memory"), (5, "addr device to device"), (6, "host to device ex")),
    *((7, "device to host ex"), (65535, "other")),
)
ENUMS = {
    "ENUM_API_TYPE": tuple(API_LEVELS.values()),
    "ENUM_HCCL_DATA_TYPE": _TYPES_OF_DATA,
    "ENUM_HCCL_LINK_TYPE": (
        *((0, "ON_CHIP"), (1, "HCCS"), (2, "PCIE"), (3, "ROCE"), (4, "SIO"), (5, "HCCS_SW")),
        *((6, "STANDARD_ROCE"), (7, "UB"), (8, "UBoE")),
    ),
    "ENUM_HCCL_TRANSPORT_TYPE": ((0, "SDMA"), (1, "RDMA"), (2, "LOCAL"), (3, "UB"), (4, "ROCE")),
    "ENUM_HCCL_RDMA_TYPE": ((0, "RDMA_SEND_NOTIFY"), (1, "RDMA_SEND_PAYLOAD")),
    "ENUM_MSTX_EVENT_TYPE": ((0, "marker"), (1, "push/pop"), (2, "start/end"), (3, "marker_ex")),
    "ENUM_MEMCPY_OPERATION": MEMCPY_OPERATIONS,
}
ENUM_SCHEMA = _schema("id,name", id=" INTEGER PRIMARY KEY", name=_TEXT)
OVERLAP_TYPES = ("Computing", "Communication", "Communication(Not Overlapped)", "Free")
SCHEMA_VERSION = (
    ("SCHEMA_VERSION", "1.2.0"),
    ("SCHEMA_VERSION_MAJOR", "1"),
    ("SCHEMA_VERSION_MINOR", "2"),
    ("SCHEMA_VERSION_MICRO", "0"),
)
NO_STRING = 4294967295
