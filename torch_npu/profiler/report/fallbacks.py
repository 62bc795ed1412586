"""Host operators that ran on the CPU although their tensors are on the NPU."""

import numpy as np

from ..analysis.join import Joined
from ..analysis.tables import device_times


def fallback_ops(joined: Joined, counts: dict[str, int]) -> np.ndarray:
    """Positions of the operators that fell back.

    `counts`: calls that fell back while recording, by full name (aten::sort.values). Records lack
    the overload: of an operator's calls those count that launched no kernel.
    """
    names = {name.partition(".")[0] for name in counts}
    if not names:
        return np.empty(0, np.int64)
    _, kernels = device_times(joined, joined.is_kernel)
    fell = joined.ops.names.where(names.__contains__) & (kernels == 0)
    # On the CPU the operator is called once more, inside of itself.
    parent = joined.tree.parent
    return np.flatnonzero(fell & ~((parent >= 0) & fell[parent]))
