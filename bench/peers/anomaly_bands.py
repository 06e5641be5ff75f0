"""Bands of statsforecast for each day of the series of bench/anomalies.py, one week ahead at a time.

python bench/peers/anomaly_bands.py IN.npy OUT.npz MODEL

MODEL is AutoETS or MSTL, fitted anew every seven days to all days before, with bands of 99 %.
"""

import sys
from collections.abc import Callable

import numpy as np
from statsforecast.models import MSTL, AutoETS

_WEEK, _LEVEL, _WARM = 7, 99, 28
_MODELS: dict[str, Callable[[], object]] = {
    "AutoETS": lambda: AutoETS(season_length=_WEEK),
    "MSTL": lambda: MSTL(season_length=_WEEK),
}


def bands(amounts: np.ndarray, name: str) -> np.ndarray:
    """Return expected, low and high of each day; NaN where there is none."""
    found = np.full((3, len(amounts)), np.nan)
    for start in range(_WARM, len(amounts), _WEEK):
        ahead = min(_WEEK, len(amounts) - start)
        try:
            told = _MODELS[name]().forecast(y=amounts[:start], h=ahead, level=[_LEVEL])  # type: ignore[attr-defined]
        except Exception:  # noqa: BLE001, S112 - some shapes it cannot fit; those days have no band, and no alert
            continue
        found[:, start : start + ahead] = told["mean"], told[f"lo-{_LEVEL}"], told[f"hi-{_LEVEL}"]
    return found


if __name__ == "__main__":
    series = np.load(sys.argv[1])
    np.savez(sys.argv[2], bands=np.stack([bands(row, sys.argv[3]) for row in series]))
