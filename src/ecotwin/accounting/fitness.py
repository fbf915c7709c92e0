"""How well a baseline fits and what a saving by it is worth, from plain numbers.

Sources: ASHRAE Guideline 14-2014; OpenDSM (which divides by n and takes observed - predicted);
IPMVP.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ecotwin.records import Floats


def cvrmse(observed: ArrayLike, predicted: ArrayLike, parameters: int = 0) -> float:
    """Coefficient of variation of the root mean square error: sqrt(SSE/(n-p))/mean(observed).

    Args:
        observed: [n]. predicted: [n].
        parameters: p; ASHRAE 14 subtracts the model's parameters, OpenDSM's default does not (0).

    >>> round(cvrmse([100, 110, 120, 130], [98, 112, 119, 133], 2), 6)
    0.026087
    """
    seen, made = _pair(observed, predicted, parameters)
    return math.sqrt(float(((seen - made) ** 2).sum()) / (len(seen) - parameters)) / abs(
        float(seen.mean())
    )


def nmbe(observed: ArrayLike, predicted: ArrayLike, parameters: int = 0) -> float:
    """Normalised mean bias error: sum(observed - predicted)/((n-p) mean(observed)).

    Some tools use the opposite sign; here a model that predicts too much has a negative NMBE.

    >>> round(nmbe([100, 110, 120, 130], [98, 112, 119, 133], 2), 6)
    -0.008696
    """
    seen, made = _pair(observed, predicted, parameters)
    return float((seen - made).sum()) / ((len(seen) - parameters) * float(seen.mean()))


def autocorrelation(residuals: ArrayLike, lag: int = 1) -> float:
    """Autocorrelation of residuals at a lag, about their mean; 0 when they do not vary.

    >>> round(autocorrelation([1, -1, 1, -1, 1, -1]), 2)
    -0.83
    """
    r = np.asarray(residuals, np.float64)
    r = r - r.mean()
    power = float((r**2).sum())
    return float((r[lag:] * r[:-lag]).sum()) / power if power > 0.0 and len(r) > lag else 0.0


def effective_count(n: float, rho: float) -> float:
    """Number of independent observations: n' = n(1-rho)/(1+rho); a negative rho counts as 0.

    >>> round(effective_count(365, 0.5), 4)
    121.6667
    """
    rho = min(max(rho, 0.0), 0.999999)
    return n * (1.0 - rho) / (1.0 + rho)


def cusum(predicted: ArrayLike, actual: ArrayLike) -> Floats:
    """Running sum of predicted - actual: savings are positive, the slope is the saving rate.

    >>> cusum([100, 105, 98, 110], [100, 100, 95, 101])
    array([ 0.,  5.,  8., 17.])
    """
    out: Floats = np.cumsum(np.asarray(predicted, np.float64) - np.asarray(actual, np.float64))
    return out


def normalised_improvement(actual: float, predicted: float) -> float:
    """Energy performance improvement: 1 - actual / baseline at the reporting period's variables.

    >>> normalised_improvement(90, 100)
    0.1

    Sources: ISO 50006:2023.
    """
    return round(1.0 - actual / predicted, 15)


def fractional_savings_uncertainty(
    saved: float,
    predicted: float,
    cvrmse_adjusted: float,
    n: float,
    n_effective: float,
    m: float,
    *,
    t: float,
    k: float,
) -> float:
    """Fractional savings uncertainty of ASHRAE 14 with autocorrelation: dE/saved.

    dE = predicted x t x CVRMSE' x sqrt(n/(m n') (1 + 2/n')) x k.

    Args:
        saved: Savings. predicted: Baseline over the reporting period, same unit.
        cvrmse_adjusted: CVRMSE' with SSE/(n'-p). n: Baseline observations. n_effective: n'.
        m: Reporting observations. t: Student's t. k: 1.26 hourly; polynomial of the months for
            daily and monthly.
    """
    delta = (
        predicted
        * t
        * cvrmse_adjusted
        * math.sqrt(n / (m * n_effective) * (1.0 + 2.0 / n_effective))
        * k
    )
    return delta / saved


def verdict(
    cvrmse_value: float, nmbe_value: float, *, limit: float = 0.20, bias: float = 0.005
) -> tuple[bool, tuple[str, ...]]:
    """Whether a baseline is fit for a claim, with reasons.

    Args:
        cvrmse_value: Ratio. nmbe_value: Ratio.
        limit: Largest CVRMSE (ASHRAE 14, whole building: 0.20 under 12 months after, 0.25 to 60,
            0.30 beyond).
        bias: Largest |NMBE| of the fit itself.

    >>> verdict(0.1, 0.001)
    (True, ('CVRMSE 10.0 % is within 20 %', 'bias 0.10 % is within 0.5 %'))
    """
    words = (
        f"CVRMSE {cvrmse_value:.1%} is {'within' if cvrmse_value <= limit else 'above'} {limit:.0%}",
        f"bias {nmbe_value:.2%} is {'within' if abs(nmbe_value) <= bias else 'beyond'} {bias:.1%}",
    )
    return cvrmse_value <= limit and abs(nmbe_value) <= bias, tuple(
        w.replace("%", " %") for w in words
    )


def _pair(observed: ArrayLike, predicted: ArrayLike, parameters: int) -> tuple[Floats, Floats]:
    seen, made = np.asarray(observed, np.float64), np.asarray(predicted, np.float64)
    if seen.shape != made.shape or len(seen) <= parameters:
        raise ValueError(
            f"{seen.shape} observed and {made.shape} predicted values, {parameters} parameters: not enough"
        )
    return seen, made
