"""Samples of functions on images: pooling, resizing, padding, sampling at given places."""

import torch
from sample import Out, seeded
from samples_nn import backward, gradients
from torch.nn import functional as F

LINE, IMAGE, VOLUME = seeded(2, 3, 8), seeded(2, 3, 6, 6), seeded(2, 3, 4, 6, 6)


def _pair(function, inputs: torch.Tensor, name: str, before: list, after: list) -> list:
    """The function and its derivative: name(inputs, ...) and name + Backward(grad, inputs, ...)."""
    out = function(inputs)
    grad = seeded(*out.shape, seed=9)
    return [
        (name, [inputs, *before, Out(out)]),
        (f"{name}Backward", [grad, inputs, *after, backward(function, grad, inputs)]),
    ]


def _max_pool(name: str, function, inputs: torch.Tensor, arguments: list, index_dtype) -> list:
    out, places = function(inputs, return_indices=True)
    grad, places = seeded(*out.shape, seed=9), places.to(index_dtype)
    return [
        (name, [inputs, *arguments, Out(out), Out(places)]),
        (
            f"{name}Backward",
            [
                grad, inputs, places, *(arguments if "With" in name else []),
                backward(function, grad, inputs),
            ],
        ),
    ]  # fmt: skip


def _unpool(name: str, function, inputs: torch.Tensor, extra: list) -> tuple:
    pooled, places = function(inputs, 2, return_indices=True)
    unpooled = getattr(F, function.__name__.replace("max_pool", "max_unpool"))(pooled, places, 2)
    return (name, [pooled, places, list(inputs.shape[2:]), *extra, Out(unpooled)])


_WINDOW = [[2, 2, 2], [2, 2, 2], [0, 0, 0]]
POOLING = [
    *_pair(lambda x: F.adaptive_avg_pool3d(x, 2), VOLUME, "aclnnAdaptiveAvgPool3d", [[2] * 3], []),
    *_pair(
        lambda x: F.avg_pool3d(x, 2), VOLUME, "aclnnAvgPool3d", [*_WINDOW, False, True, 0],
        [*_WINDOW, False, True, 0],
    ),
    *_max_pool(
        "aclnnAdaptiveMaxPool2d", lambda x, **k: F.adaptive_max_pool2d(x, 3, **k), IMAGE, [[3, 3]],
        torch.int64,
    ),
    *_max_pool(
        "aclnnAdaptiveMaxPool3d", lambda x, **k: F.adaptive_max_pool3d(x, 2, **k), VOLUME,
        [[2, 2, 2]], torch.int32,
    ),
    *_max_pool(
        "aclnnMaxPool3dWithArgmax", lambda x, **k: F.max_pool3d(x, 2, **k), VOLUME,
        [*_WINDOW, [1, 1, 1], False], torch.int32,
    ),
    _unpool("aclnnMaxUnpool2d", F.max_pool2d, IMAGE, []),
    _unpool("aclnnMaxUnpool3d", F.max_pool3d, VOLUME, [[2] * 3, [0] * 3]),
]  # fmt: skip


def _resize(name: str, inputs: torch.Tensor, mode: str, aligned=(), back=None, **options) -> list:
    """Up to twice the size, with the scales given."""
    dims = inputs.dim() - 2
    size, scales = [2 * n for n in inputs.shape[2:]], [2.0] * dims

    def function(x: torch.Tensor) -> torch.Tensor:
        return F.interpolate(x, scale_factor=2.0, mode=mode, **options)

    out = function(inputs)
    grad = seeded(*out.shape, seed=9)
    forward = (name, [inputs, size, *aligned, *scales, Out(out, 1e-4)])
    if back is None:
        back = f"{name.removesuffix('V2')}Backward"
    expected = Out(gradients(function, grad, inputs)[0], 1e-4)
    return [forward, (back, [grad, size, list(inputs.shape), *aligned, *scales, expected])]


RESIZING = [
    *_resize("aclnnUpsampleNearest1dV2", LINE, "nearest"),
    _resize("aclnnUpsampleNearest2dV2", IMAGE, "nearest")[0],
    *_resize("aclnnUpsampleNearest3d", VOLUME, "nearest"),
    *_resize("aclnnUpsampleNearestExact1d", LINE, "nearest-exact"),
    *_resize("aclnnUpsampleNearestExact2d", IMAGE, "nearest-exact"),
    *_resize("aclnnUpsampleNearestExact3d", VOLUME, "nearest-exact"),
    *_resize("aclnnUpsampleLinear1d", LINE, "linear", [False]),
    *_resize("aclnnUpsampleTrilinear3d", VOLUME, "trilinear", [False]),
    *_resize("aclnnUpsampleBicubic2d", IMAGE, "bicubic", [False]),
    *_resize("aclnnUpsampleBilinear2dAA", IMAGE, "bilinear", [False], antialias=True),
    *_resize(
        "aclnnUpsampleBicubic2dAA", IMAGE, "bicubic", [False], "aclnnUpsampleBicubic2dAAGrad",
        antialias=True,
    ),
]  # fmt: skip


def _padded(kind: str, mode: str, inputs: torch.Tensor) -> list:
    dims = inputs.dim() - 2
    padding = [1, 2] * dims
    return _pair(
        lambda x: F.pad(x, padding, mode=mode), inputs, f"aclnn{kind}Pad{dims}d", [padding],
        [padding],
    )  # fmt: skip


_BLOCKS = [[2, 3], [1, 2], [1, 0], [2, 1]]  # kernel, dilation, padding, stride


def _columns(x: torch.Tensor) -> torch.Tensor:
    return F.unfold(x, *_BLOCKS)


_COLUMNS = _columns(IMAGE)
_WINDOWS = IMAGE.unfold(2, 3, 2)
PADDING = [
    *_padded("Reflection", "reflect", LINE),
    *_padded("Reflection", "reflect", IMAGE),
    *_padded("Reflection", "reflect", VOLUME),
    *_padded("Replication", "replicate", LINE),
    *_padded("Replication", "replicate", IMAGE),
    *_padded("Replication", "replicate", VOLUME),
    ("aclnnIm2col", [IMAGE, *_BLOCKS, Out(_COLUMNS)]),
    ("aclnnIm2colBackward", [_COLUMNS, [6, 6], *_BLOCKS, backward(_columns, _COLUMNS, IMAGE)]),
    (
        "aclnnUnfoldGrad",
        [
            _WINDOWS, [2, 3, 6, 6], 2, 3, 2,
            backward(lambda x: x.unfold(2, 3, 2), _WINDOWS, IMAGE),
        ],
    ),
]  # fmt: skip


def _sampled(name: str, inputs: torch.Tensor, grid: torch.Tensor) -> list:
    def function(x: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        return F.grid_sample(x, places, align_corners=False)

    out = function(inputs, grid)
    grad = seeded(*out.shape, seed=9)
    modes = [0, 0, False]
    expected = [Out(g, 1e-4) for g in gradients(function, grad, inputs, grid)]
    return [
        (name, [inputs, grid, *modes, Out(out)]),
        (f"{name}Backward", [grad, inputs, grid, *modes, [True, True], *expected]),
    ]


SAMPLING = [
    *_sampled("aclnnGridSampler2D", IMAGE, seeded(2, 4, 5, 2, seed=3).tanh()),
    *_sampled("aclnnGridSampler3D", VOLUME, seeded(2, 3, 4, 5, 3, seed=3).tanh()),
]

_THETA = seeded(2, 2, 3, seed=5)
GRIDS = [
    (
        "aclnnAffineGrid",
        [
            _THETA,
            [2, 1, 4, 5],
            align,
            Out(torch.nn.functional.affine_grid(_THETA, [2, 1, 4, 5], align)),
        ],
    )
    for align in (False, True)
]


def samples() -> list[tuple[str, list]]:
    return POOLING + RESIZING + PADDING + SAMPLING + GRIDS
