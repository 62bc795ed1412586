"""Names of torch.cuda and of the existing Ascend adapter that torch.npu does not have, and what to
use instead."""

_NAMES = {
    "profiles are taken with torch_npu.profiler.profile": ("profile",),
    "CANN's runtime does not tell, `npu-smi info` does": (
        "clock_rate",
        "list_gpu_processes",
        "power_draw",
        "temperature",
    ),
    "start the process with PYTORCH_NO_NPU_MEMORY_CACHING=1": ("caching_allocator_enable",),
}

INSTEAD = {name: text for text, names in _NAMES.items() for name in names}
