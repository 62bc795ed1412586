"""Cases of memory formats."""

import torch
from vendor_case import Case, seeded

ND, NCHW, NZ = 2, 0, 29

CASES = [
    Case("get_npu_format", (seeded(2, 3),), lambda x: ND, dtypes=(torch.float32,)),
    Case("get_npu_format", (seeded(1, 2, 3, 4),), lambda x: NCHW, dtypes=(torch.float32,),
        note="image"),
    Case("npu_format_cast", (seeded(2, 3), ND), lambda x, _: x),
    Case("npu_format_cast", (seeded(5, 40), NZ), lambda x, _: x, note="blocks"),
    Case("npu_format_cast", (seeded(2, 3, 20, 17), NZ), lambda x, _: x, note="batched blocks"),
    Case("npu_format_cast", (seeded(1, 2, 3, 4), seeded(2, 2)), lambda x, _: x, note="like",
        overload="Tensor"),
    Case("npu_format_cast_", (seeded(1, 2, 3, 4), NCHW), lambda x, _: x, overload="acl_format"),
    Case("npu_format_cast_", (seeded(2, 3), seeded(2, 3, seed=1)), lambda x, src: x.copy_(src),
        note="from"),
]  # fmt: skip
