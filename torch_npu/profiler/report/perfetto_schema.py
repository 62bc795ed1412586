"""The part of Perfetto's trace schema that we write, as protobuf messages.

The numbers are those of perfetto/trace/*.proto, which fix them for good.
"""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "perfetto.protos"
_UINT64, _UINT32, _INT64, _INT32, _STRING, _FIXED64 = (
    descriptor_pb2.FieldDescriptorProto.TYPE_UINT64,
    descriptor_pb2.FieldDescriptorProto.TYPE_UINT32,
    descriptor_pb2.FieldDescriptorProto.TYPE_INT64,
    descriptor_pb2.FieldDescriptorProto.TYPE_INT32,
    descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    descriptor_pb2.FieldDescriptorProto.TYPE_FIXED64,
)

# message -> fields: (name, number, type or name of a message, repeated)
_MESSAGES: dict[str, tuple[tuple[str, int, int | str, bool], ...]] = {
    "Trace": (("packet", 1, "TracePacket", True),),
    "TracePacket": (
        ("timestamp", 8, _UINT64, False),
        ("trusted_packet_sequence_id", 10, _UINT32, False),
        ("track_event", 11, "TrackEvent", False),
        ("interned_data", 12, "InternedData", False),
        ("sequence_flags", 13, _UINT32, False),
        ("track_descriptor", 60, "TrackDescriptor", False),
    ),
    "TrackDescriptor": (
        ("uuid", 1, _UINT64, False),
        ("name", 2, _STRING, False),
        ("process", 3, "ProcessDescriptor", False),
        ("thread", 4, "ThreadDescriptor", False),
        ("parent_uuid", 5, _UINT64, False),
    ),
    "ProcessDescriptor": (
        ("pid", 1, _INT32, False),
        ("process_name", 6, _STRING, False),
        ("process_labels", 8, _STRING, True),
    ),
    "ThreadDescriptor": (
        ("pid", 1, _INT32, False),
        ("tid", 2, _INT32, False),
        ("thread_name", 5, _STRING, False),
    ),
    "TrackEvent": (
        ("debug_annotations", 4, "DebugAnnotation", True),
        ("type", 9, _INT32, False),  # an enumeration, which looks the same on the wire
        ("name_iid", 10, _UINT64, False),
        ("track_uuid", 11, _UINT64, False),
        ("flow_ids", 47, _FIXED64, True),
        ("terminating_flow_ids", 48, _FIXED64, True),
    ),
    "DebugAnnotation": (
        ("int_value", 4, _INT64, False),
        ("string_value", 6, _STRING, False),
        ("name", 10, _STRING, False),
    ),
    "InternedData": (("event_names", 2, "EventName", True),),
    "EventName": (("iid", 1, _UINT64, False), ("name", 2, _STRING, False)),
}

SLICE_BEGIN, SLICE_END = 1, 2  # TrackEvent.type
INCREMENTAL_STATE_CLEARED, NEEDS_INCREMENTAL_STATE = 1, 2  # TracePacket.sequence_flags


def _build():
    file = descriptor_pb2.FileDescriptorProto(
        name="torch_npu/perfetto_trace.proto", package=_PACKAGE, syntax="proto2"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind, repeated in fields:
            entry = message.field.add(name=field, number=number)
            entry.label = entry.LABEL_REPEATED if repeated else entry.LABEL_OPTIONAL
            if isinstance(kind, str):
                entry.type, entry.type_name = entry.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
            else:
                entry.type = kind
    # A pool of its own: Perfetto's package may be loaded in the same process.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Trace"))


Trace = _build()
