"""Looks a factor up by place, day and unit: the user's own first, then the published ones, and never a guess.

One factor must fit in every respect. None, or more than one: a `FactorGap` that says which respect fails and
names the nearest candidates, so that a person can choose.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from ecotwin.accounting.factors.record import Factor
from ecotwin.errors import FactorGap

_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a factor is needed for.

    Attributes:
        subject: Its name, narrowest last; wider names may stand before it: `Fuels / Natural gas`.
        unit: Canonical unit of the factor, e.g. `kgCO2e/kWh`.
        place: Where, as published: `GB`, `US`, `US/CAMX`, `DE`.
        day: A day on which it must hold.
        gwp_set: Set of the total it goes into; a factor that states its masses is weighed anew.
        basis: `HHV`, `LHV`... ; empty: any, if only one fits.
        scope: `Scope 1`...; empty: any, if only one fits.
    """

    subject: str
    unit: str
    place: str
    day: date
    gwp_set: str
    basis: str = ""
    scope: str = ""

    def __str__(self) -> str:
        more = "".join(f", {word}" for word in (self.basis, self.scope) if word)
        return (
            f"{self.subject!r} in {self.unit} at {self.place} on {self.day}, {self.gwp_set}{more}"
        )


class Shelf:
    """The factors at hand."""

    def __init__(self, factors: Iterable[Factor]) -> None:
        self._by_id: dict[str, Factor] = {}
        self._by_name: dict[str, list[Factor]] = {}
        for factor in factors:
            if self._by_id.setdefault(factor.id, factor) != factor:
                raise FactorGap(
                    f"two factors bear the id {factor.id}: {self._by_id[factor.id].source}; {factor.source}",
                    expected="each table once",
                    remedy="give only one of the two files",
                )
        for factor in self._by_id.values():
            self._by_name.setdefault(_words(factor.path)[-1], []).append(factor)

    def __len__(self) -> int:
        return len(self._by_id)

    def by_id(self, id: str) -> Factor | FactorGap:  # noqa: A002
        """The factor of this id: how a person takes one that a look-up must not choose."""
        found = self._by_id.get(id)
        if found is not None:
            return found
        return FactorGap(
            f"there is no factor {id!r}",
            expected=f"one of the {len(self)} ids read",
            remedy="look it up by its subject, then take the id that is shown",
        )

    def look_up(self, wanted: Wanted) -> Factor | FactorGap:
        """The one factor that fits, one of the user's own before a published one; else what is missing."""
        named = [f for f in self._by_name.get(_last(wanted.subject), ()) if _fits(f, wanted)]
        if not named:
            return self._unnamed(wanted)
        misses = {factor.id: _misses(factor, wanted) for factor in named}
        for own in (True, False):
            fitting = [f for f in named if f.own is own and not misses[f.id]]
            if len(fitting) == 1:
                return fitting[0].in_set(wanted.gwp_set)
            if fitting:
                return FactorGap(
                    f"{len(fitting)} factors fit {wanted}, and none is chosen for you: "
                    + "; ".join(_shown(f) for f in fitting[:_SHOWN]),
                    expected="one factor",
                    remedy="narrow it by basis, scope or a wider name before it, or take one by its id",
                )
        near = sorted(
            named, key=lambda f: (len(misses[f.id]), abs(f.year - wanted.day.year), not f.own, f.id)
        )
        lacking = sorted({miss.split(" is ")[0] for f in near[:1] for miss in misses[f.id]})
        return FactorGap(
            f"no factor fits {wanted}; nearest: "
            + "; ".join(f"{_shown(f)}: {', '.join(misses[f.id])}" for f in near[:_SHOWN]),
            expected=f"one that fits in {', '.join(lacking)} too",
            remedy="import the table of that place and year, or give a factor of your own with its source and validity",
        )

    def _unnamed(self, wanted: Wanted) -> FactorGap:
        from difflib import get_close_matches

        last = _last(wanted.subject)
        near = get_close_matches(last, self._by_name, n=_SHOWN, cutoff=0.6)
        near += [name for name in self._by_name if last in name and name not in near][:_SHOWN]
        names = [self._by_name[name][0].subject for name in near]
        return FactorGap(
            f"no factor is called {wanted.subject!r} among the {len(self)} read"
            + (f"; near names: {'; '.join(names)}" if names else ""),
            expected="a name as its publisher writes it",
            remedy="correct the name, import the table that holds it, or give a factor of your own",
        )


def _words(names: Iterable[str]) -> list[str]:
    return [" ".join(name.casefold().replace("_", " ").split()) for name in names]


def _last(subject: str) -> str:
    return _words(subject.split(" / "))[-1]


def _fits(factor: Factor, wanted: Wanted) -> bool:
    """Whether the wanted names stand in the factor's path in this order."""
    path = iter(_words(factor.path))
    return all(name in path for name in _words(wanted.subject.split(" / ")))


def _misses(factor: Factor, wanted: Wanted) -> list[str]:
    """In which respects it does not fit, in words."""
    misses = []
    if factor.unit != wanted.unit:
        misses.append(f"unit is {factor.unit}")
    if factor.place.casefold() != wanted.place.casefold():
        misses.append(f"place is {factor.place}")
    if not factor.first <= wanted.day <= factor.last:
        misses.append(f"validity is {factor.first} to {factor.last}")
    if wanted.basis and factor.basis != wanted.basis:
        misses.append(f"basis is {factor.basis or 'not stated'}")
    if wanted.scope and factor.scope != wanted.scope:
        misses.append(f"scope is {factor.scope or 'not stated'}")
    weighable = bool(factor.parts) and all(part.mass_kg is not None for part in factor.parts)
    if factor.gwp_set not in ("", wanted.gwp_set) and not weighable:
        misses.append(f"GWP set is {factor.gwp_set}")
    return misses


def _shown(factor: Factor) -> str:
    basis = f", {factor.basis}" if factor.basis else ""
    scope = f", {factor.scope}" if factor.scope else ""
    return f"{factor.id} = {factor.value:.6g} {factor.unit}{basis}{scope}"
