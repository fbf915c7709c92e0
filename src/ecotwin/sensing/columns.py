"""Which columns a member of a soft sensor sees, and in which order inputs stand, whatever the file."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.records import Floats
from ecotwin.sensing.members import Member


def columns(member: Member, x: Floats, width: int) -> Floats:
    """[rows, columns] inputs with their recent past, or the inputs alone."""
    return x if member.moving else x[:, :width]


def canonical(inputs: Floats, target: Floats) -> Any:
    """Order of the inputs that no name, unit or place in the file changes: by how they go with the target."""
    both = np.isfinite(target)
    strength = []
    for column in inputs.T:
        here = both & np.isfinite(column)
        x, y = column[here], target[here]
        moves = len(x) > 2 and np.ptp(x) > 0 and np.ptp(y) > 0
        r = float(np.corrcoef(x, y)[0, 1]) if moves else 0.0
        third = float((((x - x.mean()) / x.std()) ** 3).mean()) if moves else 0.0
        strength.append((round(-abs(r), 7), round(third, 5)))
    return np.array(sorted(range(len(strength)), key=lambda j: strength[j]), np.int64)
