"""Monitoring report of a carbon project: baseline, project, reduction with its interval, and what may be claimed of it.

Claimed is the lower bound, and only of savings whose baseline is fit, whose interval lies above zero and which are
sealed in the ledger. Savings of the same place and time count once. Everything here stands outside the inventory.

A project avoids what the grid's marginal plants would have emitted; the inventory's average factor is another number.
So what a registry is told needs a marginal factor handed in (`extra["carbon_project"]["factor"]`); without it the
report tells the energy saved, and the emission by the inventory's factor as an indication that is not claimed.

Sources: ISO 14064-2:2019 (conservativeness, leakage, permanence), as background knowledge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecotwin.clock import iso
from ecotwin.errors import FigureGap
from ecotwin.records import Datapoint, Range, Report, Saving, Section
from ecotwin.reports.claims import OUTSIDE, in_words, table
from ecotwin.reports.contract import Dossier
from ecotwin.reports.pieces import name_of, whole

_NOT_GIVEN = "not stated: the project has to assess it before anything is issued"


@dataclass(frozen=True, slots=True)
class Judged:
    """A saving, and why it does not count; empty where it does. `entry`: its place in the ledger."""

    saving: Saving
    entry: int | None
    why_not: str


class CarbonProject:
    """The monitoring report of a carbon project."""

    name = "carbon_project"
    title = "Carbon project: monitoring report"
    standard = "ISO 14064-2:2019"

    def write(self, dossier: Dossier) -> Report:
        """Baseline, project and reduction of the savings that are proved.

        Args:
            dossier: `savings`; `entries` by `Saving.advice`; `extra["carbon_project"]`: name, `factor` (marginal, with
                value, unit, place, year, source), `leakage_share`, `leakage` and `permanence` in words.

        Raises:
            FigureGap: No saving is proved: nothing can be claimed.
        """
        judged = _judged(dossier)
        counted = [j for j in judged if not j.why_not]
        if not counted:
            reasons = "; ".join(dict.fromkeys(j.why_not for j in judged)) or "there is no saving"
            raise FigureGap(
                f"no reduction of {name_of(dossier, dossier.element)} in {dossier.period} is proved: {reasons}",
                expected="a saving with a fit baseline, an interval above zero and an entry in the ledger",
                remedy="measure on, or mend the baseline; a reduction is never printed without evidence",
            )
        project = dossier.extra.get("carbon_project") or {}
        sums = _sums([j.saving for j in counted])
        levels = sorted({j.saving.level for j in counted})
        level = " and ".join(f"{one * 100:.0f} %" for one in levels)
        gaps = [f"{j.saving.advice} is not counted: {j.why_not}" for j in judged if j.why_not]
        gaps += _unstated(project)
        parts = (
            _scope(dossier, project),
            _energy(sums, level),
            _emissions(sums, project, level),
            _evidence(judged),
        )
        told = {"counted": [j.saving.advice for j in counted], "project": dict(project)}
        return whole(dossier, self, parts, data=told, gaps=gaps)


# -- which savings count ----------------------------------------------------------------------------


def _judged(dossier: Dossier) -> list[Judged]:
    under = {e.id for e in dossier.plant.under(dossier.element)}
    made: list[Judged] = []
    for saving in sorted(dossier.savings, key=lambda s: (s.period.start, s.advice)):
        entry = dossier.entries.get(saving.advice)
        counted = [j.saving for j in made if not j.why_not]
        made.append(Judged(saving, entry, _why_not(dossier, saving, entry, under, counted)))
    return made


def _why_not(
    dossier: Dossier, saving: Saving, entry: int | None, under: set[str], counted: Sequence[Saving]
) -> str:
    if saving.element not in under:
        return f"it is of {saving.element}, not of {dossier.element}"
    if saving.period.start < dossier.period.start or saving.period.end > dossier.period.end:
        return "it does not lie within the period"
    if not saving.fit:
        return f"its baseline is not fit ({'; '.join(saving.reasons) or 'no reason is told'})"
    if saving.saved_kwh.low <= 0.0:
        return "its interval holds zero: no saving is shown"
    if entry is None:
        return "it is not sealed in the ledger"
    other = next((o for o in counted if _same(dossier, saving, o)), None)
    return f"{other.advice} counts the same place and time" if other is not None else ""


def _same(dossier: Dossier, one: Saving, other: Saving) -> bool:
    """Whether two savings overlap in time and one place lies within the other."""
    if one.period.end <= other.period.start or other.period.end <= one.period.start:
        return False
    ids = [{e.id for e in dossier.plant.under(s.element)} for s in (one, other)]
    return one.element in ids[1] or other.element in ids[0]


def _sums(savings: Sequence[Saving]) -> dict[str, Range]:
    """Sums; bounds are added as if all errors went the same way: the interval may be too wide, never too narrow."""
    sums = {
        "baseline": _sum(s.expected_kwh for s in savings),
        "saved": _sum(s.saved_kwh for s in savings),
        "project": _sum(Range(s.actual_kwh, s.actual_kwh, s.actual_kwh) for s in savings),
    }
    emitted = [s.cost.co2e_kg for s in savings]
    if all(c is not None for c in emitted):
        sums["average"] = _sum(c for c in emitted if c is not None)
    return sums


def _sum(ranges: Iterable[Range]) -> Range:
    found = list(ranges)
    return Range(sum(r.value for r in found), sum(r.low for r in found), sum(r.high for r in found))


# -- sections ---------------------------------------------------------------------------------------


def _scope(dossier: Dossier, project: Mapping[str, Any]) -> Section:
    span = f"{iso(dossier.period.start_us)} to {iso(dossier.period.end_us)}"
    name = project.get("name", "Energy saved by measures of the plant")
    text = (
        f"{name} at {name_of(dossier, dossier.element)}, monitored from {span}.",
        OUTSIDE,
        "Nobody may count a reduction of this report twice; certificates of the same kWh exclude it.",
        "Additionality is for the project's standard to judge: nothing here proves that it was not due anyway.",
    )
    return Section("Project and boundary", text)


def _energy(sums: Mapping[str, Range], level: str) -> Section:
    saved = sums["saved"]
    points = (
        Datapoint("baseline", "Baseline: energy without the measures", sums["baseline"].value, "kWh"),
        Datapoint("project", "Project: energy measured", sums["project"].value, "kWh"),
        Datapoint("saved", "Reduction", saved.value, "kWh"),
        Datapoint("saved_low", f"Reduction: lower bound at {level}", saved.low, "kWh"),
        Datapoint("saved_high", f"Reduction: upper bound at {level}", saved.high, "kWh"),
        Datapoint("claim", "Claimed reduction: the lower bound", saved.low, "kWh"),
    )  # fmt: skip
    text = (
        f"The interval of each saving holds at {level}.",
        "Bounds of several are added as if all errors went the same way: the sum's interval may be too wide.",
    )
    return Section("Energy", text, points)


def _emissions(sums: Mapping[str, Range], project: Mapping[str, Any], level: str) -> Section:
    points = [*_claimed(sums, project, level), *_indication(sums)]
    permanence = project.get(
        "permanence",
        "energy that was not used is not emitted later; the measures themselves may be undone, so that only measured "
        "periods count and none is claimed ahead",
    )
    text = (f"Leakage: {project.get('leakage', _NOT_GIVEN)}.", f"Permanence: {permanence}.")
    return Section("Emissions", text, tuple(points))


def _claimed(sums: Mapping[str, Range], project: Mapping[str, Any], level: str) -> list[Datapoint]:
    """Emissions by the marginal factor; what lacks is said instead."""
    factor = _factor(project)
    if factor is None:
        lacking = (
            "no marginal factor is handed in, and the inventory's average does not stand for it"
        )
        return [_point("claim_co2e", "Claimed reduction", None, missing=lacking)]
    value, note = factor
    saved = _times(sums["saved"], value)
    share = _leakage(project)
    left = None if share is None else saved.low * (1.0 - share)
    lacking = _NOT_GIVEN if share is None else ""
    return [
        _point("base_co2e", "Baseline emissions", sums["baseline"].value * value, note=note),
        _point("proj_co2e", "Project emissions", sums["project"].value * value, note=note),
        _point("red_co2e", "Reduction", saved.value, note=note),
        _point("red_low", f"Reduction: lower bound at {level}", saved.low),
        _point("red_high", f"Reduction: upper bound at {level}", saved.high),
        _point("leakage", "Leakage", None if share is None else saved.low * share, missing=lacking),
        _point("claim_co2e", "Claimed reduction: lower bound less leakage", left,
               missing=f"leakage is {lacking}" if lacking else ""),
    ]  # fmt: skip


def _indication(sums: Mapping[str, Range]) -> list[Datapoint]:
    if "average" not in sums:
        return []
    name = "By the inventory's average factor: an indication, not claimed"
    return [_point("average", name, sums["average"].value)]


def _point(
    key: str, name: str, value: float | None, *, note: str = "", missing: str = ""
) -> Datapoint:
    return Datapoint(key, name, value, "kgCO2e", note=note, missing=missing)


def _times(amount: Range, factor: float) -> Range:
    return Range(amount.value * factor, amount.low * factor, amount.high * factor)


def _factor(project: Mapping[str, Any]) -> tuple[float, str] | None:
    """The marginal factor [kgCO2e/kWh] and where it comes from.

    Raises:
        FigureGap: It is of another unit, not above zero, or without a source.
    """
    given = project.get("factor")
    if given is None:
        return None
    value = float(given.get("value") or 0.0)
    if given.get("unit") != "kgCO2e/kWh" or value <= 0.0 or not given.get("source"):
        raise FigureGap(
            f"the factor of the carbon project is {dict(given)}",
            expected="a `value` above zero in kgCO2e/kWh, with its `source`",
            remedy="give the marginal factor that the project's standard names",
        )
    where = f"{given.get('place', '')} {given.get('year', '')}".strip()
    return value, f"{in_words(value, 'kgCO2e/kWh')}, {where}, {given['source']}"


def _leakage(project: Mapping[str, Any]) -> float | None:
    """Share of the reduction that is emitted elsewhere instead; None: nobody says.

    Raises:
        FigureGap: It is no share.
    """
    given = project.get("leakage_share")
    if given is None:
        return None
    if not 0.0 <= float(given) <= 1.0:
        raise FigureGap(
            f"a leakage of {given}",
            expected="a share from 0 to 1",
            remedy="correct `leakage_share`",
        )
    return float(given)


def _evidence(judged: Sequence[Judged]) -> Section:
    rows = [
        (
            j.saving.advice, j.saving.element, iso(j.saving.period.start_us), iso(j.saving.period.end_us),
            j.saving.expected_kwh.value, j.saving.actual_kwh, j.saving.saved_kwh.value,
            j.saving.saved_kwh.low, j.saving.saved_kwh.high, j.saving.coverage, j.entry,
            j.why_not or "counted",
        )
        for j in judged
    ]  # fmt: skip
    names = (
        "Saving", "Place", "From", "To", "Baseline#kWh", "Measured#kWh", "Saved#kWh", "Low#kWh",
        "High#kWh", "Covered#1", "Ledger entry#", "Counted",
    )  # fmt: skip
    methods = tuple(dict.fromkeys(f"Method: {j.saving.method}." for j in judged))
    return Section("Evidence", methods, (), (table("Savings", names, rows),))


def _unstated(project: Mapping[str, Any]) -> list[str]:
    return [] if project.get("leakage_share") is not None else [f"leakage is {_NOT_GIVEN}"]


plug = CarbonProject()
