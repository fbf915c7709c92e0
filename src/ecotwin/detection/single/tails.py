"""How surprising a number is by the numbers before it: rank within them, an exponential tail beyond.

Surprise is minus the natural logarithm of the chance of a number at least as large. Inside of what was seen, the chance
is a rank; among the largest two in a hundred and beyond the record it falls off exponentially, with the mean excess
of those over their threshold. The newest numbers only are kept, so memory is constant and slow drift becomes usual.

Sources:
    Balkema and de Haan, Annals of Probability 2 (1974) 792-804; Pickands, Annals of Statistics 3 (1975) 119-131: peaks
    over a threshold. Siffer et al., KDD 2017, 1067-1075: their use on streams. Here the shape is fixed at exponential,
    which a few dozen peaks carry.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence

KEPT = 8192
TOP_SHARE = 0.02
TOP_LEAST = 10
LEAST = 20
"""Numbers without which nothing is surprising yet."""
MOST = 20.0
"""Surprise is not told beyond this: one in five hundred million is as good as never."""
GRAIN = 1e4
"""Numbers are told apart to one part in this of a usual deviation; below lies rounding."""


class Tail:
    """Numbers seen, in order of coming and of size.

    >>> tail = Tail()
    >>> for number in range(1000): tail.add(number % 100)
    >>> round(tail.surprise(50.0), 2), round(tail.surprise(130.0), 1)
    (0.69, 20.0)
    """

    def __init__(self, numbers: Sequence[float] = (), kept: int = KEPT) -> None:
        self.kept = kept
        self.order: deque[float] = deque(numbers)
        self.sizes = sorted(self.order)

    def add(self, number: float) -> None:
        """Take in one number."""
        grained = math.floor(number * GRAIN + 0.5) / GRAIN
        if len(self.order) == self.kept:
            del self.sizes[bisect_left(self.sizes, self.order.popleft())]
        self.order.append(grained)
        insort(self.sizes, grained)

    def surprise(self, number: float) -> float:
        """Minus log of the chance of a number at least this large."""
        sizes, n = self.sizes, len(self.sizes)
        if n < LEAST:
            return 0.0
        grained = math.floor(number * GRAIN + 0.5) / GRAIN
        top = min(n, max(TOP_LEAST, int(TOP_SHARE * n)))
        threshold = sizes[-top]
        if grained <= threshold:
            return -math.log((n - bisect_left(sizes, grained) + 1) / (n + 1))
        excess = max(math.fsum(sizes[-top:]) / top - threshold, 1.0 / GRAIN)
        return min(-math.log(top / n) + (grained - threshold) / excess, MOST)

    def between(self, share: float) -> tuple[float, float]:
        """The middle of the numbers seen that holds this share."""
        n = len(self.sizes)
        cut = int((1.0 - share) / 2.0 * (n - 1))
        return self.sizes[cut], self.sizes[n - 1 - cut]
