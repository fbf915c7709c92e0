"""What a column does, by shortcut: least stages, least reflux, and how real stages and reflux lie above them.

Stages and reflux are given (the column stands); its sharpness is what follows.

Sources:
    Fenske, Ind. Eng. Chem. 24 (1932) 482-485: least stages. Underwood, Chem. Eng. Progr. 44 (1948) 603-614: least
    reflux. Gilliland's chart (Ind. Eng. Chem. 32 (1940) 1220-1223) as Eduljee's formula, Hydrocarbon Processing 54
    (1975) 120-122: Y = 0.75 (1 - X^0.5668).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ecotwin.records import Floats

_EXPONENT = 0.5668


@njit(cache=True)
def root(feed: Floats, volatility: Floats, light: int, heavy: int, liquid: float) -> float:
    """Underwood's root between the volatilities of the keys; it depends on the feed only."""
    whole = feed.sum()
    a, b = volatility[heavy], volatility[light]
    for _ in range(52):
        theta = 0.5 * (a + b)
        value = liquid - 1.0
        for i in range(len(feed)):
            value += volatility[i] * feed[i] / whole / (volatility[i] - theta)
        # The sum rises from minus to plus infinity between the keys' volatilities.
        if value < 0.0:
            a = theta
        else:
            b = theta
    return float(0.5 * (a + b))


@njit(cache=True)
def reflux_at(theta: float, top: Floats, volatility: Floats) -> float:
    """Least reflux of a distillate at Underwood's root."""
    made, reflux = top.sum(), -1.0
    for i in range(len(top)):
        reflux += volatility[i] * top[i] / made / (volatility[i] - theta)
    return max(0.0, float(reflux))


@njit(cache=True)
def least_reflux(
    feed: Floats, top: Floats, volatility: Floats, light: int, heavy: int, liquid: float
) -> float:
    """Underwood's least reflux by distillate.

    Args:
        feed, top: [n] flows in feed and distillate, any unit. volatility: [n] relative. light, heavy: Keys.
        liquid: Share of the feed that is liquid (1: boiling liquid).
    """
    return reflux_at(root(feed, volatility, light, heavy, liquid), top, volatility)


@njit(cache=True)
def least_stages(reflux: float, least: float, stages: float) -> float:
    """Fenske's stages that give the sharpness of this column: Gilliland read backwards; 0: none at all."""
    if reflux <= least:
        return 0.0
    x = (reflux - least) / (reflux + 1.0)
    return max(0.0, float(stages - 0.75 * (1.0 - x**_EXPONENT) * (stages + 1.0)))


@njit(cache=True)
def split(
    feed: Floats,
    volatility: Floats,
    light: int,
    heavy: int,
    recovery: Floats,
    stages: Floats,
    reflux: Floats,
    top: Floats,
    least: Floats,
) -> None:
    """Distillate of every run: the light key's recovery is kept, the heavy key goes up as the sharpness lets it.

    Lighter than the light key: all goes up; heavier than the heavy key: none. Between the keys: half way by volatility.

    Args:
        feed: [runs, n]. volatility: [runs, n]. recovery, stages, reflux: [runs]. top: [runs, n], set.
        least: [runs] Underwood's least reflux, set.
    """
    for r in range(len(reflux)):
        top[r, :] = 0.0
        least[r] = 0.0
        if feed[r, light] <= 0.0 or feed[r, heavy] <= 0.0:
            continue
        alpha = volatility[r] / volatility[r, heavy]
        span = np.log(alpha[light])
        for i in range(feed.shape[1]):
            if i != heavy:
                place = np.log(alpha[i]) / span
                share = recovery[r] if i == light else min(1.0, max(0.0, place))
                top[r, i] = feed[r, i] * share
        theta = root(feed[r], alpha, light, heavy, 1.0)
        others, weighed = 0.0, 0.0
        for i in range(feed.shape[1]):
            if i != heavy:
                others += top[r, i]
                weighed += alpha[i] * top[r, i] / (alpha[i] - theta)
        pull = feed[r, heavy] / (1.0 - theta)
        odds = (1.0 - recovery[r]) / max(1e-12, recovery[r])
        # A dirtier top needs less reflux, so it is parted more sharply: one share fits, found by halving.
        clean, dirty = 0.0, 1.0
        for _ in range(44):
            through = 0.5 * (clean + dirty)
            made = others + feed[r, heavy] * through
            least[r] = max(0.0, (weighed + pull * through) / made - 1.0)
            few = least_stages(reflux[r], least[r], stages[r])
            if through * (1.0 + np.exp(min(700.0, few * span)) * odds) < 1.0:
                clean = through
            else:
                dirty = through
        top[r, heavy] = feed[r, heavy] * through
