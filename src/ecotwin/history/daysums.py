"""Sums of whole days by KPI and element: a year is their sum, long after the minutes were dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ecotwin.clock import Period, instant
from ecotwin.history.contract import SummedDay
from ecotwin.history.literal import filled
from ecotwin.history.storefile import StoreFile

_DOING = "keeping a day's sums"

Sums = Mapping[tuple[str, str], Mapping[str, float]]
"""(kpi, element) -> name -> sum."""


class DaySums:
    """The tables of day sums.

    Args:
        file: The history's file.
    """

    def __init__(self, file: StoreFile) -> None:
        self._file = file

    def keep(self, day: Period, sums: Sums, *, terms: str, known: int) -> None:
        """Keep the sums of a day in the place of those that were kept of it before, in one transaction.

        Args:
            day: Its start names it. sums: Of every KPI and element. terms: Digest of the terms they were made on.
            known: When [us UTC].
        """
        rows = [
            (kpi, element, name, value)
            for (kpi, element), parts in sums.items()
            for name, value in parts.items()
        ]
        with self._file.write(_DOING) as tx:
            for table in ("day_sum", "sum_day"):
                tx.con.execute(filled(f"DELETE FROM {table} WHERE t = ?", [day.start_us]))  # noqa: S608
            if rows:
                kpis, elements, names, values = zip(*rows, strict=True)
                columns = {
                    "t": np.full(len(rows), day.start_us, np.int64),
                    "kpi": np.array(kpis, np.str_),
                    "element": np.array(elements, np.str_),
                    "name": np.array(names, np.str_),
                    "value": np.array(values, np.float64),
                }
                tx.insert("day_sum", columns)
            tx.con.execute(
                filled(
                    "INSERT INTO sum_day VALUES (?, ?, ?, ?)",
                    [day.start_us, day.end_us, terms, known],
                )
            )

    def days(self, period: Period) -> list[SummedDay]:
        """Days that are kept and lie in the period, in time order."""
        with self._file.read("reading day sums") as (con, _):
            rows = con.execute(
                filled(
                    "SELECT t, t_end, terms, known FROM sum_day WHERE t >= ? AND t_end <= ? ORDER BY t",
                    [period.start_us, period.end_us],
                )
            ).fetchall()
        return [
            SummedDay(Period(instant(t), instant(e)), terms, known) for t, e, terms, known in rows
        ]

    def total(
        self, starts: Sequence[int], elements: Iterable[str] | None
    ) -> dict[tuple[str, str], dict[str, float]]:
        """Sums over some days.

        Args:
            starts: Their starts [us UTC]. elements: Of these alone; None: of all.
        """
        if not len(starts):
            return {}
        names = None if elements is None else sorted(set(elements))
        with self._file.read("reading day sums") as (con, _):
            con.register("wanted", {"t": np.asarray(sorted(starts), np.int64)})
            asked = ""
            if names is not None:
                con.register("places", {"element": np.array(names, np.str_)})
                asked = "SEMI JOIN places USING (element) "
            rows = con.execute(
                "SELECT kpi, element, name, sum(value ORDER BY t) AS value FROM day_sum "  # noqa: S608
                f"SEMI JOIN wanted USING (t) {asked}GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
            ).fetchall()
        found: dict[tuple[str, str], dict[str, float]] = {}
        for kpi, element, name, value in rows:
            found.setdefault((kpi, element), {})[name] = value
        return found
