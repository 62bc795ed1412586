"""Versions that the build and the wheels share."""

TORCH_VERSION = "2.13.0"

# The first three numbers name the torch release that the wheel is built for; a fix of ours appends .postN.
TORCH_NPU_VERSION = TORCH_VERSION

ASCEND_EMULATOR_VERSION = "0.1.0"
