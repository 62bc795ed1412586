"""Times between the integer nanoseconds inside and the texts in files."""

import numpy as np


def to_nanoseconds(microseconds: list[str]) -> np.ndarray:
    """Of decimal texts in µs. Exact where a float would round: "1735689600000002.125" → …2125."""
    result = np.empty(len(microseconds), np.int64)
    for position, text in enumerate(microseconds):
        whole, _, decimals = text.strip().partition(".")
        result[position] = int(whole) * 1000 + int((decimals + "000")[:3])
    return result


def to_microseconds(nanoseconds: np.ndarray) -> list[str]:
    """Decimal texts in µs with exactly three decimals."""
    signs = np.where(nanoseconds < 0, "-", "").tolist()
    whole, rest = np.divmod(np.abs(nanoseconds), 1000)
    columns = zip(signs, whole.tolist(), rest.tolist(), strict=True)
    return [f"{sign}{w}.{r:03d}" for sign, w, r in columns]
