"""Two meters of one balance that tell each other's story: their leads were swapped.

What one shows more the other shows less, minute for minute, so that the meter above sees no change; and each now reads
what the other one is expected to read. A load that moved from one machine to another does the first, not the second.

Sources:
    Stated assumption: half of the distance to the other's usual course, and no more, may be left over.
"""

from __future__ import annotations

import numpy as np

from ecotwin.records import Floats

LEAST_ROWS = 6
CLOSE = 0.5
"""Distance to the other's usual course, as a share of that to one's own, below which they look swapped."""


def swapped(a: Floats, b: Floats, usual_a: Floats, usual_b: Floats) -> float:
    """Probability that two meters are swapped, 0 where too little is known.

    Args:
        a, b: [steps] what they read since it began. usual_a, usual_b: [steps] what is usual for them; NaN: not known.

    >>> x, y = np.full(12, 3.0), np.full(12, 8.0)
    >>> swapped(y, x, x, y) > 0.95, swapped(y, y, x, y) < 0.1, swapped(x, y, x, y)
    (True, True, 0.0)
    """
    ok = np.isfinite(a) & np.isfinite(b) & np.isfinite(usual_a) & np.isfinite(usual_b)
    if ok.sum() < LEAST_ROWS:
        return 0.0
    off_a, off_b = (float(np.abs(x - u)[ok].mean()) for x, u in ((a, usual_a), (b, usual_b)))
    to_b, to_a = (float(np.abs(x - u)[ok].mean()) for x, u in ((a, usual_b), (b, usual_a)))
    # Where the two are alike nobody can tell, and nobody loses by it.
    if off_a + off_b <= 0.0 or off_a <= 0.0 or off_b <= 0.0:
        return 0.0
    left = max(to_b / off_a, to_a / off_b)
    return float(1.0 / (1.0 + np.exp(min((left - CLOSE) / 0.08, 60.0))))
