"""Records of units (engines, tools, pumps) cycle by cycle, put in order and checked, whatever their columns are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.records import Floats, Ints


@dataclass(frozen=True, slots=True)
class Fleet:
    """Records of some units, each unit's rows together and in order of its cycles.

    Attributes:
        units: Names, in unit order (see `gather`). begins: [units + 1] where each unit's rows begin.
        cycle: [rows] age in cycles, hours or parts: the unit of every life told from it.
        columns: Names of the signals. values: [rows, signals] NaN where nothing was measured.
        notes: What was odd about the records, in sentences.
    """

    units: tuple[str, ...]
    begins: Ints
    cycle: Floats
    columns: tuple[str, ...]
    values: Floats
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.units)

    def rows(self) -> Iterator[slice]:
        """The rows of each unit."""
        for begin, end in zip(self.begins[:-1], self.begins[1:], strict=True):
            yield slice(int(begin), int(end))

    @property
    def ends(self) -> Floats:
        """[units] last cycle of each unit."""
        return np.asarray(self.cycle[self.begins[1:] - 1])

    @property
    def owner(self) -> Ints:
        """[rows] number of the unit of each row."""
        return np.repeat(np.arange(len(self)), np.diff(self.begins)).astype(np.int64)

    @property
    def left(self) -> Floats:
        """[rows] cycles to the last record: the life left, where a unit was followed to its end."""
        return np.asarray(np.repeat(self.ends, np.diff(self.begins)) - self.cycle)

    def of(self, columns: Sequence[str]) -> Fleet:
        """These signals only, in this order.

        Raises:
            FigureGap: A signal is not there.
        """
        if missing := [name for name in columns if name not in self.columns]:
            raise FigureGap(
                f"the units asked for lack {', '.join(map(repr, missing))}",
                expected="every signal that the followed units have",
                remedy=f"give these columns; there are: {', '.join(self.columns)}",
            )
        places = [self.columns.index(name) for name in columns]
        return replace(self, columns=tuple(columns), values=self.values[:, places])


def gather(units: Sequence[str], cycle: Floats, columns: Sequence[str], values: Floats) -> Fleet:
    """Rows of a table as a fleet.

    Unit order is the order in which units first appear, or by name (numbers as numbers) where a unit's rows are
    scattered. Rows out of order are sorted; of rows that repeat a unit's cycle the last counts; rows without a unit or
    a cycle are left out. Each is told.

    Args:
        units: [rows] name of the unit of each row. cycle: [rows] its age. values: [rows, columns].

    Raises:
        FigureGap: No row has both a unit and a cycle.

    >>> f = gather(["b", "b", "a"], np.array([2.0, 1.0, 5.0]), ["x"], np.array([[20.0], [10.0], [50.0]]))
    >>> f.units, f.values[:, 0].tolist(), f.notes
    (('b', 'a'), [10.0, 20.0, 50.0], ('1 unit had cycles out of order; they were sorted',))
    """
    names = np.asarray([name.strip() for name in units], object)
    sound = np.isfinite(cycle) & (names != "")
    notes = []
    if not sound.all():
        notes.append(f"{int((~sound).sum())} rows without a unit or a cycle are left out")
    if not sound.any():
        raise FigureGap(
            "no row has both a unit and a cycle",
            expected="a column that names the unit and one of its cycle, hour or part number",
            remedy="check --unit and --cycle",
        )
    names, cycle, values = names[sound], cycle[sound], np.asarray(values, np.float64)[sound]
    order, scattered = _unit_order(names.tolist())
    place = {name: n for n, name in enumerate(order)}
    owner = np.array([place[name] for name in names.tolist()], np.int64)
    if scattered:
        notes.append("rows of a unit do not stand together; units are told in order of their names")
    backward = np.unique(owner[1:][(np.diff(owner) == 0) & (np.diff(cycle) < 0)])
    if len(backward):
        notes.append(f"{_units(len(backward))} had cycles out of order; they were sorted")
    rows = np.lexsort((cycle, owner))  # stable: of equal cycles the last stays last
    twice = (np.diff(owner[rows]) == 0) & (np.diff(cycle[rows]) == 0)
    if twice.any():
        notes.append(f"{int(twice.sum())} rows repeat a cycle of their unit; the last one counts")
        rows = rows[np.append(~twice, True)]
    begins = np.searchsorted(owner[rows], np.arange(len(order) + 1)).astype(np.int64)
    cells = values[rows]
    cells[~np.isfinite(cells)] = np.nan
    if len(odd := _uneven(owner[rows], cycle[rows])):
        notes.append(f"{_units(len(odd))} have gaps between their cycles")
    return Fleet(tuple(order), begins, np.asarray(cycle[rows]), tuple(columns), cells, tuple(notes))


def _units(count: int) -> str:
    return f"{count} unit" + ("" if count == 1 else "s")


def _unit_order(names: list[str]) -> tuple[list[str], bool]:
    """Units in order, and whether their rows are scattered."""
    blocks = [n for i, n in enumerate(names) if i == 0 or n != names[i - 1]]
    order = list(dict.fromkeys(blocks))
    if len(blocks) == len(order):
        return order, False
    try:
        return sorted(order, key=float), True
    except ValueError:
        return sorted(order), True


def _uneven(owner: Ints, cycle: Floats) -> Ints:
    """Units whose steps are more than one and a half of the usual step."""
    inside = np.diff(owner) == 0
    steps = np.diff(cycle)
    if not inside.any():
        return np.zeros(0, np.int64)
    usual = float(np.median(steps[inside]))
    return np.unique(owner[1:][inside & (steps > 1.5 * usual)])


def gather_columns(
    units: Sequence[str],
    numbers: Mapping[str, Floats],
    unit: str,
    cycle: str,
    words: Sequence[str] = (),
) -> Fleet:
    """A table as a fleet: every column of numbers but the unit and its cycle is a signal.

    Args:
        units: [rows]. numbers: Column -> [rows]. words: Columns of words, which are left out and told.

    Raises:
        FigureGap: No signal is left.
    """
    columns = [name for name in numbers if name not in (unit, cycle)]
    if not columns:
        raise FigureGap(
            "there is no column of numbers beside the unit and its cycle",
            expected="at least one signal",
            remedy="give the unit's own sensors; without them only the age speaks",
        )
    made = gather(units, numbers[cycle], columns, np.column_stack([numbers[c] for c in columns]))
    if not words:
        return made
    return replace(made, notes=(*made.notes, f"columns of words are left out: {', '.join(words)}"))
