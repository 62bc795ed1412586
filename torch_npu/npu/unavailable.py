"""Names of the existing Ascend adapter that torch.npu does not have, and what to use instead."""

_NAMES = {
    "graphs of operators cannot be captured: run the operators as they are, or use torch.compile": (
        "ExternalEvent",
        "NPUGraph",
        "graph",
        "graph_pool_handle",
        "graph_task_group_begin",
        "graph_task_group_end",
        "graph_task_update_begin",
        "graph_task_update_end",
        "is_current_stream_capturing",
        "make_graphed_callables",
    ),
    "the caching allocator has one pool and cannot be replaced: torch.npu.memory_stats() tells "
    "what it holds and torch.npu.empty_cache() makes it smaller": (
        "MemPool",
        "NPUPluggableAllocator",
        "change_current_allocator",
        "use_mem_pool",
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
