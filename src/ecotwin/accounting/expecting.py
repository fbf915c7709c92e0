"""What is known of machines at one moment, and the power that follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecotwin.accounting.drivers import Seen
from ecotwin.records import Bools, Floats


@dataclass(frozen=True, slots=True)
class Known:
    """What was learned of machines, by what drives them (`drivers`).

    Attributes:
        beta: [machines, WIDTH] coefficients [kW]. cov: [machines, WIDTH, WIDTH] of them.
        sd: [machines, states] of a minute [kW]. told: [machines, states] whether anything speaks for that state.
    """

    beta: Floats
    cov: Floats
    sd: Floats
    told: Bools


def expect(seen: Seen, known: Known) -> tuple[Floats, Floats, Floats]:
    """[steps, machines] expected power [kW], its standard deviation, and what was measured; NaN where not known."""
    mean = np.einsum("tmk,mk->tm", seen.features, known.beta)
    variance = unsure(seen, known)
    rows = np.arange(len(known.beta))
    codes = np.maximum(seen.codes, 0)
    variance += known.sd[rows, codes] ** 2
    if seen.fresh.any():
        # Somewhere between the two states' powers: their difference may fall anywhere in the step.
        other = known.beta[rows, np.maximum(seen.before, 0)] - known.beta[rows, codes]
        variance += np.where(seen.fresh, other**2 / 3.0, 0.0)
    bad = ~seen.usable | ~known.told[rows, codes]
    return (
        np.where(bad, np.nan, np.maximum(mean, 0.0)),
        np.where(bad, np.nan, np.sqrt(variance)),
        seen.actual,
    )


def unsure(seen: Seen, known: Known) -> Floats:
    """[steps, machines] variance of the expected power for not knowing the coefficients better [kW2]."""
    part = np.matmul(seen.features.transpose(1, 0, 2), known.cov)
    return np.asarray(np.einsum("mtk,tmk->tm", part, seen.features), np.float64)
