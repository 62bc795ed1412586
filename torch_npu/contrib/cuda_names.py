"""What CUDA scripts say, and what says the same of an NPU: the table that transfer_to_npu and
`python -m torch_npu.migrate` work from."""

# Keyword arguments that hold devices, kinds of devices or backends of torch.distributed.
KEYWORDS = frozenset(
    {
        "backend",
        "device",
        "device_id",
        "device_type",
        "map_location",
        "pin_memory_device",
        "use_device",
    }
)

# Module with CUDA's names -> module with the same names for NPUs.
MODULES = {
    "torch.cuda": "torch_npu.npu",
    "torch.cuda.amp": "torch_npu.npu.amp",
    "torch.cuda.amp.autocast_mode": "torch_npu.npu.amp.autocast_mode",
    "torch.cuda.amp.grad_scaler": "torch_npu.npu.amp.grad_scaler",
    "torch.cuda.graphs": "torch_npu.npu.graphs",
    "torch.cuda.memory": "torch_npu.npu.memory",
    "torch.cuda.nvtx": "torch_npu.contrib.transfer.nvtx",
    "torch.cuda.random": "torch_npu.npu.random",
    "torch.cuda.streams": "torch_npu.npu.streams",
    "torch.profiler": "torch_npu.contrib.transfer.profiler",
    "torch.profiler.profiler": "torch_npu.contrib.transfer.profiler",
}

# Names that modules have beyond their __all__, and that torch itself calls.
PRIVATE_NAMES = {
    "torch.cuda": (
        "_exchange_device",
        "_is_in_bad_fork",
        "_lazy_call",
        "_lazy_init",
        "_maybe_exchange_device",
    ),
}

# Names that are written otherwise for NPUs.
RENAMED = {
    "torch.Tensor.cuda": "torch.Tensor.npu",
    "torch.Tensor.is_cuda": "torch.Tensor.is_npu",
    "torch.TypedStorage.cuda": "torch.TypedStorage.npu",
    "torch.TypedStorage.is_cuda": "torch.TypedStorage.is_npu",
    "torch.UntypedStorage.cuda": "torch.UntypedStorage.npu",
    "torch.UntypedStorage.is_cuda": "torch.UntypedStorage.is_npu",
    "torch.cuda.CUDAGraph": "torch_npu.npu.NPUGraph",
    "torch.cuda.change_current_allocator": "torch_npu.npu.change_current_allocator",
    "torch.cuda.get_stream_from_external": "torch_npu.npu.ExternalStream",
    "torch.cuda.graphs.CUDAGraph": "torch_npu.npu.NPUGraph",
    "torch.cuda.graphs.make_graphed_callables": "torch_npu.npu.make_graphed_callables",
    "torch.distributed.ProcessGroupNCCL": "torch_npu.distributed.ProcessGroupHCCL",
    "torch.distributed.distributed_c10d.is_nccl_available": (
        "torch_npu.distributed.is_hccl_available"
    ),
    "torch.distributed.is_nccl_available": "torch_npu.distributed.is_hccl_available",
    "torch.get_autocast_gpu_dtype": "torch_npu.npu.get_autocast_dtype",
    "torch.nn.Module.cuda": "torch.nn.Module.npu",
    "torch.nn.utils.rnn.PackedSequence.cuda": "torch.nn.utils.rnn.PackedSequence.npu",
    "torch.nn.utils.rnn.PackedSequence.is_cuda": "torch.nn.utils.rnn.PackedSequence.is_npu",
    "torch.set_autocast_gpu_dtype": "torch_npu.npu.set_autocast_dtype",
}


def _compute_capability(device: object = None) -> tuple[int, int]:
    """(8, 0) for every device: of CUDA's GPUs, those have bfloat16 but no float8, as Atlas A2.
    torch.distributed.broadcast itself compares it."""
    return 8, 0


# Values instead of others.
VALUES = {
    "torch.cuda.get_device_capability": _compute_capability,
    "torch.cuda.has_half": True,
    "torch.cuda.has_magma": False,
}

# Functions and constructors whose arguments may name a device. torch's functions that make tensors
# are not listed: torch.utils._device knows them.
DEVICE_ARGUMENTS = (
    "torch.Tensor.is_pinned",
    "torch.Tensor.new",
    "torch.Tensor.new_empty",
    "torch.Tensor.new_empty_strided",
    "torch.Tensor.new_full",
    "torch.Tensor.new_ones",
    "torch.Tensor.new_tensor",
    "torch.Tensor.new_zeros",
    "torch.Tensor.pin_memory",
    "torch.Tensor.to",
    "torch.Tensor.type",
    "torch.UntypedStorage.to",
    "torch.accelerator.current_stream",
    "torch.accelerator.set_device_index",
    "torch.accelerator.synchronize",
    "torch.amp.autocast_mode.autocast.__init__",
    "torch.amp.autocast_mode.custom_bwd",
    "torch.amp.autocast_mode.custom_fwd",
    "torch.amp.autocast_mode.is_autocast_available",
    "torch.amp.custom_bwd",
    "torch.amp.custom_fwd",
    "torch.amp.grad_scaler.GradScaler.__init__",
    "torch.amp.is_autocast_available",
    "torch.distributed.device_mesh.DeviceMesh.__init__",
    "torch.distributed.device_mesh.init_device_mesh",
    "torch.distributed.distributed_c10d.init_process_group",
    "torch.distributed.distributed_c10d.is_backend_available",
    "torch.distributed.distributed_c10d.new_group",
    "torch.distributed.distributed_c10d.new_subgroups",
    "torch.distributed.distributed_c10d.new_subgroups_by_enumeration",
    "torch.distributed.init_device_mesh",
    "torch.distributed.init_process_group",
    "torch.distributed.is_backend_available",
    "torch.distributed.new_group",
    "torch.distributed.new_subgroups",
    "torch.distributed.new_subgroups_by_enumeration",
    "torch.empty_like",
    "torch.fft.fftfreq",
    "torch.fft.rfftfreq",
    "torch.full_like",
    "torch.get_autocast_dtype",
    "torch.get_device_module",
    "torch.is_autocast_enabled",
    "torch.nested.as_nested_tensor",
    "torch.nested.nested_tensor",
    "torch.nn.Module.to",
    "torch.nn.Module.to_empty",
    "torch.nn.utils.rnn.PackedSequence.to",
    "torch.normal",
    "torch.ones_like",
    "torch.rand_like",
    "torch.randint_like",
    "torch.randn_like",
    "torch.random.fork_rng",
    "torch.serialization.default_restore_location",
    "torch.set_autocast_dtype",
    "torch.set_autocast_enabled",
    "torch.set_default_device",
    "torch.utils.data.DataLoader.__init__",
    "torch.zeros_like",
    "torch_npu.npu.ExternalStream.__new__",
    "torch_npu.npu.Stream.__new__",
    "torch_npu.npu.device.__init__",
)

# Arguments that mean CUDA if nothing is said: keyword (None: has none) and position.
CUDA_BY_DEFAULT = {
    "torch.amp.grad_scaler.GradScaler.__init__": ("device", 1),
    "torch.is_autocast_enabled": (None, 0),
    "torch.random.fork_rng": ("device_type", 4),
}

# Types of torch whose constructors take a device.
DEVICE_TYPES = ("torch.Event", "torch.Generator", "torch.Stream", "torch.device")

_CARRY_ON = "leave it out, or guard it with `if torch.version.cuda`"
_ALLOCATOR = "its functions are for CUDA; torch.npu.NPUPluggableAllocator takes those for NPUs"
_NO_CACHING = "set PYTORCH_NO_NPU_MEMORY_CACHING=1 for the whole run"
_KERNELS = "CUDA kernels must be rewritten for Ascend C or aclnn"
_ASK_NPU_SMI = "`npu-smi info` shows it"

# CUDA's names without a counterpart, and what to do instead. A name stands for what is below it.
NO_COUNTERPART = {
    "torch.backends.cuda.cufft_plan_cache": f"CANN keeps no such plans: {_CARRY_ON}",
    "torch.backends.cuda.preferred_blas_library": f"CANN has one library: {_CARRY_ON}",
    "torch.backends.cuda.preferred_linalg_library": f"CANN has one library: {_CARRY_ON}",
    "torch.cuda.CUDAPluggableAllocator": _ALLOCATOR,
    "torch.cuda.ComplexDoubleStorage": "use torch.UntypedStorage",
    "torch.cuda.ComplexFloatStorage": "use torch.UntypedStorage",
    "torch.cuda.CudaError": "errors of NPUs are RuntimeError and torch.AcceleratorError",
    "torch.cuda.DeferredCudaCallError": "errors of NPUs are RuntimeError",
    "torch.cuda.GreenContext": "use torch.npu.Stream(priority=-1)",
    "torch.cuda.caching_allocator_disabled": _NO_CACHING,
    "torch.cuda.caching_allocator_enable": _NO_CACHING,
    "torch.cuda.check_error": "torch.npu checks every call itself",
    "torch.cuda.clock_rate": _ASK_NPU_SMI,
    "torch.cuda.cudaStatus": "torch.npu checks every call itself",
    "torch.cuda.cudart": "use torch.npu's functions, such as mem_get_info() and synchronize()",
    "torch.cuda.current_solver_handle": "CANN has no handles of solvers",
    "torch.cuda.device_memory_used": "use torch.npu.mem_get_info(): total less free",
    "torch.cuda.gds": "files are read into host memory first: torch.load, then .npu()",
    "torch.cuda.get_arch_list": "use torch.npu.get_device_name()",
    "torch.cuda.get_gencode_flags": "use torch.npu.get_device_name()",
    "torch.cuda.jiterator": "write the operator with torch's own, or as a custom operator",
    "torch.cuda.list_gpu_processes": _ASK_NPU_SMI,
    "torch.cuda.nccl": "use torch.distributed with the backend hccl",
    "torch.cuda.power_draw": _ASK_NPU_SMI,
    "torch.cuda.profiler": "use torch_npu.profiler.profile",
    "torch.cuda.sparse": "sparse tensors are for the CPU",
    "torch.cuda.temperature": _ASK_NPU_SMI,
    "torch.cuda.tunable": f"CANN chooses kernels itself: {_CARRY_ON}",
    "torch.utils.cpp_extension.CUDAExtension": _KERNELS,
    "torch.utils.cpp_extension.CUDA_HOME": _KERNELS,
}

# Switches of CUDA's libraries: they may stay, and change nothing on an NPU.
NO_EFFECT = {
    "torch.backends.cuda": "a switch of CUDA's libraries",
    "torch.backends.cudnn": "a switch of cuDNN",
    "torch.version.cuda": "None in this build of torch",
}

# Packages whose GPU code does not run on an NPU.
PACKAGES = {
    "apex": "use torch.amp and torch_npu.optim's fused optimizers",
    "bitsandbytes": "its kernels are for GPUs; use torch_npu.optim, or quantize with CANN's tools",
    "cudf": "use pandas",
    "cupy": "use torch on npu, or numpy",
    "flash_attn": "use torch.nn.functional.scaled_dot_product_attention",
    "numba.cuda": "write the kernel for Ascend C, or use torch's operators",
    "pycuda": "write the kernel for Ascend C, or use torch's operators",
    "pynvml": "use torch.npu.mem_get_info() and npu-smi",
    "tensorrt": "use CANN's inference tools",
    "torch_tensorrt": "use CANN's inference tools",
    "triton.language.extra.cuda": "leave it out: it is about GPUs",
    "xformers": "use torch.nn.functional.scaled_dot_product_attention",
}

# Environment variables that scripts set or read.
ENVIRONMENT = {
    "CUDA_LAUNCH_BLOCKING": "ASCEND_LAUNCH_BLOCKING",
    "CUDA_VISIBLE_DEVICES": "ASCEND_RT_VISIBLE_DEVICES",
    "NCCL_TIMEOUT": "HCCL_EXEC_TIMEOUT",
    "PYTORCH_CUDA_ALLOC_CONF": "PYTORCH_NPU_ALLOC_CONF",
    "TORCH_NCCL_ASYNC_ERROR_HANDLING": "TORCH_HCCL_ASYNC_ERROR_HANDLING",
    "TORCH_NCCL_BLOCKING_WAIT": "TORCH_HCCL_BLOCKING_WAIT",
}
