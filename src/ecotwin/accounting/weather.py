"""Degree days, from plain numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def heating_degree_days(daily_mean_degc: ArrayLike, base_degc: float = 15.5) -> float:
    """Heating degree days: sum of max(0, base - daily mean) [K d].

    The base differs by place (UK 15.5, US 18.33 degC) and is best fitted to the site.

    >>> heating_degree_days([2, 10, 18, 25])
    19.0
    """
    return float(np.maximum(0.0, base_degc - np.asarray(daily_mean_degc, np.float64)).sum())


def cooling_degree_days(daily_mean_degc: ArrayLike, base_degc: float = 18.0) -> float:
    """Cooling degree days: sum of max(0, daily mean - base) [K d].

    >>> cooling_degree_days([2, 10, 18, 25])
    7.0
    """
    return float(np.maximum(0.0, np.asarray(daily_mean_degc, np.float64) - base_degc).sum())


def eurostat_degree_days(daily_mean_degc: ArrayLike) -> float:
    """Heating degree days by Eurostat: 18 - mean on days of 15 degC and less, else nothing [K d].

    >>> eurostat_degree_days([2, 15, 16])
    19.0
    """
    mean = np.asarray(daily_mean_degc, np.float64)
    return float(np.where(mean <= 15.0, 18.0 - mean, 0.0).sum())
