"""Which variables matter, and in what form: chosen by the data, checked by physics, told in words.

A form is preferred by the Bayesian information criterion on the number of *independent* readings
(autocorrelation counted); a variable stays when its effect is significant, its sign is possible and
no other variable already tells the same.

Sources: ISO 50006:2023 (relevant variables); Schwarz, Ann. Statist. 6 (1978) 461 (BIC); Belsley, Kuh
and Welsch, Regression Diagnostics (1980) (variance inflation).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ecotwin.accounting.fitness import autocorrelation, effective_count
from ecotwin.accounting.performance.forms import WEEKEND, Fitted, Form, columns, fit
from ecotwin.accounting.performance.series import Series
from ecotwin.records import Floats

SIGNIFICANT_T, INFLATION = 2.0, 10.0
_OUTPUT = re.compile(
    r"prod|output|units?(?![a-z])|tonn|parts|piece|throughput|occup|inflow|outflow|volume|batches|hours_run",
    re.IGNORECASE,
)
_SEARCH = 17


@dataclass(frozen=True, slots=True)
class Reasoned:
    """What was decided on one variable.

    Attributes:
        name: Of the variable. kept: Whether it is in the baseline.
        why: In words. t: Its t statistic with autocorrelation counted; NaN where none was made.
    """

    name: str
    kept: bool
    why: str
    t: float = math.nan


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen baseline.

    Attributes:
        fitted: The form with coefficients. reasons: One for each variable that was offered.
        rho: Lag-1 autocorrelation of its residuals. independent: Number of independent readings.
        parameters: Terms and searched balance points.
    """

    fitted: Fitted
    reasons: tuple[Reasoned, ...]
    rho: float
    independent: float
    parameters: int


def choose(data: Series) -> Choice:
    """Choose variables and form on the readings of the baseline period.

    Args:
        data: Readings without gaps in target and variables.

    >>> from ecotwin.accounting.performance.series import series
    >>> rng = np.random.default_rng(7)
    >>> t = 10 - 12 * np.cos(np.arange(365) / 58.1)
    >>> s = series(np.arange(365) * 86400.0, 50 + 4 * np.maximum(0, 15 - t) + rng.normal(0, 2, 365),
    ...            {"t": t}, temperature="t")
    >>> choice = choose(s)
    >>> choice.fitted.form.name, abs(choice.fitted.form.heat_base - 15) < 2
    ('3-parameter heating', True)
    """
    offered, reasons = _sound(data)
    if data.grain != "hourly":
        offered = (*offered, WEEKEND)
    form = Form(others=offered)
    if data.grain == "hourly":
        form = replace(form, busy=_busy(data))
    form, temperature_why = _temperature(form, data)
    form, more = _pruned(form, data)
    if data.grain != "hourly":
        form, temperature_why = _temperature(form, data)
    fitted = fit(form, data)
    rho, independent = _independent(fitted, data)
    kept = _statistics(fitted, data)
    reasons += more
    reasons += [
        Reasoned(n, True, f"significant (t = {kept[n]:.1f}, 2 is needed)", kept[n])
        for n in form.others
    ]
    if data.temperature:
        reasons.insert(0, Reasoned(data.temperature, form.uses_temperature, temperature_why))
    return Choice(fitted, tuple(reasons), rho, independent, fitted.rank + form.searched)


def _independent(fitted: Fitted, data: Series) -> tuple[float, float]:
    rho = autocorrelation(fitted.residual)
    return rho, max(2.0, effective_count(len(data), rho))


def _score(fitted: Fitted, data: Series, independent: float) -> float:
    """Bayesian information criterion on independent readings; smaller is better."""
    terms = fitted.rank + fitted.form.searched
    tiny = 1e-12 * float((data.rate**2).sum())
    return independent * math.log(max(fitted.sse, tiny) / len(data)) + terms * math.log(independent)


def _sound(data: Series) -> tuple[tuple[str, ...], list[Reasoned]]:
    """Variables that vary and that no other variable tells already."""
    names = [n for n in data.variables if n != data.temperature]
    reasons = []
    for name in list(names):
        if float(data.variables[name].std()) <= 1e-12 * (
            1.0 + abs(float(data.variables[name].mean()))
        ):
            names.remove(name)
            reasons.append(Reasoned(name, False, "it does not vary in the baseline period"))
    pull = {n: abs(_correlation(data.variables[n], data.rate)) for n in names}
    while len(names) > 1:
        inflation = {n: _inflation(data, n, names) for n in names}
        worst = [n for n in names if inflation[n] > INFLATION]
        if not worst:
            break
        weak = min(worst, key=lambda n: pull[n])
        names.remove(weak)
        reasons.append(
            Reasoned(
                weak,
                False,
                f"the other variables already tell it (variance inflation {min(inflation[weak], 1e6):.0f}, "
                f"{INFLATION:.0f} is the limit)",
            )
        )
    return tuple(names), reasons


def _inflation(data: Series, name: str, names: Iterable[str]) -> float:
    y = data.variables[name]
    x = np.column_stack([np.ones(len(y)), *(data.variables[n] for n in names if n != name)])
    rest = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    left = float(rest.var()) / float(y.var())
    return math.inf if left <= 0.0 else 1.0 / left


def _correlation(a: Floats, b: Floats) -> float:
    spread = float(a.std() * b.std())
    return float(((a - a.mean()) * (b - b.mean())).mean()) / spread if spread > 0.0 else 0.0


def _pruned(form: Form, data: Series) -> tuple[Form, list[Reasoned]]:
    """Take out, one by one, what is not significant or has an impossible sign."""
    reasons: list[Reasoned] = []
    while form.others:
        t = _statistics(fit(form, data), data)
        wrong = [n for n in form.others if _OUTPUT.search(n) and t[n] < 0.0]
        weak = [n for n in form.others if abs(t[n]) < SIGNIFICANT_T]
        if not wrong and not weak:
            break
        out = min(wrong or weak, key=lambda n: abs(t[n]))
        why = (
            f"more of it would use less energy (t = {t[out]:.1f}), which physics does not allow"
            if wrong
            else f"not significant (t = {t[out]:.1f}, 2 is needed)"
        )
        reasons.append(Reasoned(out, False, why, t[out]))
        form = replace(form, others=tuple(o for o in form.others if o != out))
    return form, reasons


def _statistics(fitted: Fitted, data: Series) -> dict[str, float]:
    """T of each variable, with as many readings as are independent of each other."""
    _, independent = _independent(fitted, data)
    free = max(1.0, len(data) - fitted.rank)
    shrink = math.sqrt(min(1.0, independent / len(data)))
    out = {}
    for name in fitted.form.others:
        i = fitted.names.index(name)
        error = math.sqrt(max(fitted.sse / free * float(fitted.inverse[i, i]), 1e-300))
        out[name] = float(fitted.beta[i]) / error * shrink
    return out


def _temperature(form: Form, data: Series) -> tuple[Form, str]:
    """The best use of the temperature, if any, and why."""
    plain = replace(form, heat_base=None, cool_base=None, knots=())
    if data.temperature is None:
        return plain, ""
    none = fit(plain, data)
    found = [(none, "")]
    if form.busy is not None:
        found.append((fit(replace(plain, knots=_knots(data)), data), ""))
    else:
        found += [(f, "") for f in _change_points(plain, data)]
    # One count of independent readings for all, or each form would be judged by its own scale.
    independent = _independent(min((f for f, _ in found), key=lambda f: f.sse), data)[1]
    best = min((f for f, _ in found), key=lambda f: _score(f, data, independent))
    gain = _score(none, data, independent) - _score(best, data, independent)
    if not best.form.uses_temperature:
        return plain, "it explains no more than chance would (BIC), so it is left out"
    share = 1.0 - best.sse / none.sse if none.sse > 0.0 else 0.0
    return (
        best.form,
        f"it explains {100 * share:.0f} % of what is left without it (BIC better by {gain:.0f})",
    )


def _change_points(plain: Form, data: Series) -> list[Fitted]:
    """The best possible form of each kind: heating, cooling, both at one or two balance points."""
    degrees = data.variables[data.temperature or ""]
    edge = max(0.08, min(0.25, 3.0 / len(data)))
    grid = np.unique(np.quantile(degrees, np.linspace(edge, 1.0 - edge, _SEARCH)))
    lines: dict[tuple[bool, bool, bool], Fitted] = {}
    pairs: list[tuple[float | None, float | None]] = [(float(b), None) for b in grid]
    pairs += [(None, float(b)) for b in grid]
    pairs += [(float(h), float(c)) for h in grid for c in grid if h <= c]
    for heat, cool in pairs:
        fitted = _possible(replace(plain, heat_base=heat, cool_base=cool), data)
        kind = (heat is not None, cool is not None, heat == cool)
        if fitted is not None and (kind not in lines or fitted.sse < lines[kind].sse):
            lines[kind] = fitted
    step = float(np.diff(grid).max()) if len(grid) > 1 else 0.0
    return [_refined(f, data, step, (float(grid[0]), float(grid[-1]))) for f in lines.values()]


def _possible(form: Form, data: Series) -> Fitted | None:
    """The fit, unless heating or cooling would save energy by it."""
    fitted = fit(form, data)
    terms = (
        fitted.beta[fitted.names.index(n)] for n in ("heating", "cooling") if n in fitted.names
    )
    return fitted if min(terms) >= 0.0 else None


def _refined(best: Fitted, data: Series, step: float, within: tuple[float, float]) -> Fitted:
    """The same kind of form with its balance points moved by ever smaller steps while that helps."""
    one = best.form.heat_base == best.form.cool_base
    for part in (0.5, 0.25, 0.125, 0.0625):
        for heat_move, cool_move in (
            ((1, 1), (-1, -1)) if one else ((1, 0), (-1, 0), (0, 1), (0, -1))
        ):
            heat = _moved(best.form.heat_base, heat_move * part * step, within)
            cool = _moved(best.form.cool_base, cool_move * part * step, within)
            if heat is not None and cool is not None and heat > cool:
                continue
            if (heat, cool) == (best.form.heat_base, best.form.cool_base):
                continue
            tried = _possible(replace(best.form, heat_base=heat, cool_base=cool), data)
            if tried is not None and tried.sse < best.sse:
                best = tried
    return best


def _moved(base: float | None, by: float, within: tuple[float, float]) -> float | None:
    return None if base is None else min(max(base + by, within[0]), within[1])


def _knots(data: Series) -> tuple[float, ...]:
    """Up to six equal pieces of the temperatures seen, none with fewer than 5 % of the hours."""
    degrees = data.variables[data.temperature or ""]
    inner = np.linspace(float(degrees.min()), float(degrees.max()), 7)[1:-1]
    kept = [float(degrees.min())]
    for knot in inner:
        if (
            np.mean((degrees >= kept[-1]) & (degrees < knot)) >= 0.05
            and np.mean(degrees >= knot) >= 0.05
        ):
            kept.append(float(knot))
    return (*kept, float(degrees.max()))


def _busy(data: Series) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Hours of the week that mostly use more than the weather alone would explain."""
    slot = data.hour_of_week.astype(np.int64)
    x = np.ones((len(data), 1))
    if data.temperature:
        x = np.column_stack([x, _valley(data.variables[data.temperature])])
    rest = data.rate - x @ np.linalg.lstsq(x, data.rate, rcond=None)[0]
    count = np.maximum(1, np.bincount(slot, minlength=168))
    busy = np.bincount(slot, rest > 0.0, minlength=168) / count > 0.65
    return np.ones(168, np.bool_) if not busy.any() else np.asarray(busy, np.bool_)


def _valley(degrees: Floats) -> Floats:
    low, high = np.quantile(degrees, [0.4, 0.6])
    return np.column_stack([np.maximum(0.0, low - degrees), np.maximum(0.0, degrees - high)])


def design(choice: Choice, data: Series) -> Floats:
    """[n, p] columns of the chosen form on other readings."""
    return columns(choice.fitted.form, data)[0]
