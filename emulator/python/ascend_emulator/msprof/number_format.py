"""Numbers as msprof prints them."""

import numpy as np


def microseconds(nanoseconds: np.ndarray) -> list[str]:
    """Exact decimal text with three decimals: a double could not hold Unix time in ns."""
    whole, rest = np.divmod(nanoseconds.astype(np.int64), 1000)
    return [f"{w}.{r:03d}" for w, r in zip(whole.tolist(), rest.tolist(), strict=True)]


def guarded_microseconds(nanoseconds: np.ndarray) -> list[str]:
    """As microseconds(), with the tab that keeps spreadsheets from rounding."""
    return [text + "\t" for text in microseconds(nanoseconds)]


def duration_microseconds(nanoseconds: np.ndarray) -> list[float]:
    return (nanoseconds.astype(np.int64) / 1000).tolist()
