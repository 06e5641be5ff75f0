"""AutoETS of statsforecast on the series of bench/forecast.py: totals, and their bands as if days were independent.

python bench/peers/auto_ets.py IN.npz OUT.npz
"""

import sys
from pathlib import Path

import numpy as np
from statsforecast.models import AutoETS

_SIGMAS = 1.2816


def told(amounts: np.ndarray, horizon: int) -> tuple[float, float]:
    """Return the total of the days to come and half the width of its band."""
    if len(amounts) < 2 * 7:
        return float(amounts[-7:].mean()) * horizon, 0.0
    try:
        found = AutoETS(season_length=7).forecast(y=amounts, h=horizon, level=[80])
    except Exception:  # noqa: BLE001 - some shapes it cannot fit; then the mean of the last week stands for it
        return float(amounts[-7:].mean()) * horizon, 0.0
    half = (found["hi-80"] - found["lo-80"]) / 2 / _SIGMAS
    return float(found["mean"].sum()), float(np.sqrt((half**2).sum()) * _SIGMAS)


if __name__ == "__main__":
    given = np.load(sys.argv[1])
    horizon = int(given["horizon"])
    rows = [told(np.trim_zeros(row, "f"), horizon) for row in given["amounts"]]
    np.savez(Path(sys.argv[2]), total=[row[0] for row in rows], half=[row[1] for row in rows])
