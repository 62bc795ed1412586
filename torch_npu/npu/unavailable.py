"""Names of the existing Ascend adapter that torch.npu does not have, and what to use instead."""

_NAMES = {
    "profiles are taken with torch_npu.profiler.profile": ("profile",),
}

INSTEAD = {name: text for text, names in _NAMES.items() for name in names}
