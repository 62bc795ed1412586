"""Names of the existing Ascend adapter that torch.npu does not have, and what to use instead."""

_NAMES = {
    "the caching allocator cannot be replaced: torch.npu.MemPool keeps memory apart, and "
    "torch.npu.memory_stats() tells what is held": (
        "NPUPluggableAllocator",
        "change_current_allocator",
    ),
    "the cores that a stream may use cannot be limited: use torch.npu.Stream(priority=-1) for work "
    "that must not wait": (
        "get_device_limit",
        "get_stream_limit",
        "reset_stream_limit",
        "set_device_limit",
        "set_stream_limit",
    ),
    "marks for profiles are made with torch.profiler.record_function": ("mstx",),
    "profiles are taken with torch_npu.profiler.profile": ("profile",),
}

INSTEAD = {name: text for text, names in _NAMES.items() for name in names}
