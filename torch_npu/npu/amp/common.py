from torch_npu.npu.device import is_available

__all__ = ["amp_definitely_not_available"]


def amp_definitely_not_available() -> bool:
    """Whether there is no NPU, so that GradScaler and autocast have nothing to work on."""
    return not is_available()
