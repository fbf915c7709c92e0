"""The first sentence of a comparison: what wins, and at what price."""

from __future__ import annotations

from collections.abc import Sequence

from ecotwin.service import views, words


def headline(
    cases: Sequence[views.CaseView], figures: Sequence[views.FigureRow], hours: float
) -> views.Headline:
    """What the best case brings against doing nothing, and what it costs.

    Of the cases on the front that are better in something, the one that saves most CO2e is told, else the one that
    saves most money, else the first. A gain is told in words of saving, a loss as the price.
    """
    if not any(c.feasible for c in cases):
        return _plain("No case keeps within all limits", "act")
    weighed = [f for f in figures if f.objective]
    winners = [c for c in cases if c.number and c.on_front and _brings(c, weighed, "better")]
    if not winners:
        return _plain("Doing nothing is not beaten by any of them", "none")
    order = sorted(
        weighed, key=lambda f: ("co2e", "cost").index(f.group) if f.group in {"co2e", "cost"} else 2
    )
    best = winners[0]
    for figure in order:
        better = [c for c in winners if figure.cells[c.number].verdict == "better"]
        if better:
            best = max(better, key=lambda c, f=figure: _gain(f, c))  # type: ignore[misc]
            break
    gains = [f for f in order if f.cells[best.number].verdict == "better"]
    prices = [f for f in order if f.cells[best.number].verdict == "worse"]
    first = f"{best.name} {_saved(gains[0], best)} in {hours:g} h"
    if prices:
        told = " and ".join(_lost(f, best) for f in prices[:2])
        return views.Headline(text=first, cost=f"at the price of {told}", level="watch")
    if len(gains) > 1:
        return views.Headline(text=first, cost=f"and {_saved(gains[1], best)}", level="ok")
    return views.Headline(text=first, cost="and loses nothing that is weighed", level="ok")


def _plain(text: str, level: views.Level) -> views.Headline:
    return views.Headline(text=f"{text}.", cost="", level=level)


def _brings(case: views.CaseView, figures: Sequence[views.FigureRow], verdict: str) -> bool:
    return any(f.cells[case.number].verdict == verdict for f in figures)


def _gain(figure: views.FigureRow, case: views.CaseView) -> float:
    return abs(figure.cells[case.number].difference or 0.0)


def _amount(figure: views.FigureRow, case: views.CaseView) -> str:
    unit = figure.unit or figure.name.split(",")[0].lower()
    return f"{words.digits(_gain(figure, case))} {unit}"


def _saved(figure: views.FigureRow, case: views.CaseView) -> str:
    verb = "brings" if figure.better == "high" else "saves"
    return f"{verb} {_amount(figure, case)}{_of(figure)}"


def _lost(figure: views.FigureRow, case: views.CaseView) -> str:
    return f"{_amount(figure, case)} {'less' if figure.better == 'high' else 'more'}{_of(figure)}"


def _of(figure: views.FigureRow) -> str:
    """What an amount is of, where its unit does not say it."""
    said = figure.group in {"co2e", "cost"} or not figure.unit
    if said:
        return ""
    if figure.group == "people":
        return " of people's work"
    return f" ({figure.name.split(',')[0].lower()})"
