"""Medians and other ranks of many short rows at once, where a missing value is NaN.

Comes in: arrays with gaps. Goes out: one figure a row, NaN where a row has none.
"""

import numpy as np
from numpy.typing import NDArray

Figures = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]


def median(values: Figures, axis: int = -1) -> Figures:
    """Return the median along an axis, NaN where nothing is known.

    >>> median(np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]])).tolist()
    [2.0, nan]
    """
    ordered = np.sort(np.moveaxis(values, axis, -1), axis=-1)  # gaps go last
    known = np.isfinite(ordered).sum(axis=-1)
    low = np.maximum((known - 1) // 2, 0)[..., None]
    high = np.minimum(known // 2, ordered.shape[-1] - 1)[..., None]
    both = np.take_along_axis(ordered, low, -1) + np.take_along_axis(ordered, high, -1)
    return np.where(known > 0, both[..., 0] / 2, np.nan)


def rank(values: Figures, part: float) -> Figures:
    """Return, for each row, the value that so great a part of the row is at or below; NaN where nothing is known.

    >>> rank(np.array([[4.0, 1.0, 2.0, 3.0]]), 0.75).tolist()
    [3.0]
    """
    ordered = np.sort(values, axis=-1)
    known = np.isfinite(ordered).sum(axis=-1)
    place = np.clip(np.ceil(part * known).astype(np.int64) - 1, 0, ordered.shape[-1] - 1)[..., None]
    return np.take_along_axis(ordered, place, -1)[..., 0]
