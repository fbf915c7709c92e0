"""Lays out the designs of a plant, and what a comparison says."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ecotwin.accounting.design_file import DesignFile, read_design
from ecotwin.clock import local_day
from ecotwin.cycle.designs import folder_of
from ecotwin.errors import EcotwinError, FileFault
from ecotwin.service import views, words
from ecotwin.service.bar import bar
from ecotwin.service.views.designs import Verdict

if TYPE_CHECKING:
    from ecotwin.cycle import Twin


def designs(twin: Twin) -> views.Designs:
    """Every design file beside the plant file."""
    folder = folder_of(twin.plant)
    rows = [_row(twin, path) for path in sorted(folder.glob("*.yaml"))] if folder.is_dir() else []
    count = len(rows)
    decision = twin.may("ask_what_if")
    text = f"{count} design{'s' * (count != 1)} to compare" if count else "No design yet"
    return views.Designs(
        bar=bar(twin),
        headline=views.Headline(text=text, cost="", level="none"),
        rows=rows,
        folder=f"{folder.parent.name}/{folder.name}",
        periods=_periods(twin),
        may_ask=decision.allowed,
        refused="" if decision.allowed else decision.why,
    )


def read_file(twin: Twin, id: str) -> tuple[str, str]:  # noqa: A002
    """Text and name of a design file.

    Raises:
        FileFault: There is none of that name.
    """
    known = {p.stem: p for p in folder_of(twin.plant).glob("*.yaml")}
    if id not in known:
        raise FileFault(
            f"there is no design {id!r}",
            expected=f"one of {', '.join(sorted(known)) or 'none yet'}",
            remedy="put a design file beside the plant file, as docs/designs.md says",
        )
    return known[id].read_text(encoding="utf-8"), known[id].name


def _row(twin: Twin, path: Path) -> views.DesignRow:
    try:
        file = read_design(path.read_text(encoding="utf-8"), path.name)
    except (EcotwinError, OSError, UnicodeDecodeError) as fault:
        return views.DesignRow(
            id=path.stem, name=path.stem, product="", alternatives=[], slow=False, fault=str(fault)
        )
    return views.DesignRow(
        id=path.stem,
        name=file.design,
        product=_product(twin, file),
        alternatives=[a.name for a in file.alternatives],
        slow=any(a.scenario for a in file.alternatives),
        fault="",
    )


def _product(twin: Twin, file: DesignFile) -> str:
    return next((p.name for p in twin.plant.products if p.code == file.product), str(file.product))


def _periods(twin: Twin) -> list[tuple[str, str]]:
    """What can tell the making: today, whole days before it that are known, this month."""
    zone, now = twin.plant.zone, twin.now()
    since = twin.today_.since
    found = [("today", "today so far")]
    today = now.astimezone(zone).date()
    for back in (1, 2, 3):
        day = today - timedelta(days=back)
        if since is not None and local_day(day, zone).start >= since:
            found.append((day.isoformat(), "yesterday" if back == 1 else f"{day:%A}"))
    if since is not None:
        found.append((f"{today:%Y-%m}", f"{today:%B} so far"))
    return found


def laid_out(twin: Twin, told: dict[str, Any]) -> views.DesignResult:
    """A comparison for the page."""
    rows = told["alternatives"]
    made = [_alternative(row, row is rows[0], told) for row in rows]
    gaps = dict.fromkeys(g for row in rows for g in row["gaps"])
    return views.DesignResult(
        bar=bar(twin),
        headline=views.Headline(text=_headline(made, told["product"]), cost="", level="none"),
        name=told["design"],
        product=told["product"],
        span=told["span"],
        approach=f"{told['approach']}, {told['gwp_set']}",
        stages=list(told["stages"].items()),
        alternatives=made,
        notes=[f"Not in it: {g}." for g in (*gaps, *told["words"])],
        entry=told["entry"],
    )


def _alternative(row: dict[str, Any], is_today: bool, told: dict[str, Any]) -> views.Alternative:
    verdict = cast(Verdict, "today" if is_today else row["verdict"])
    today = told["alternatives"][0]
    # One that lasts twice as long is needed half as often.
    needed = today["years"] / row["years"]
    stages = [
        views.StageCell(
            stage=code,
            kg=row["stages"][code],
            difference_kg=needed * row["stages"][code] - today["stages"][code],
            shifted=code in row["shifts"] and not is_today,
        )
        for code in told["stages"]
    ]
    return views.Alternative(
        name=row["name"],
        why=row["why"],
        kg=row["co2e_kg"],
        half_kg=row["half_kg"],
        difference_kg=row["difference_kg"],
        difference_half_kg=row["difference_half_kg"],
        verdict=verdict,
        text=_sentence(row, verdict, told),
        stages=stages,
        mass_kg=row["mass_kg"],
        circularity=row["mci"],
        years=row["years"],
        gaps=list(row["gaps"]),
    )


def _sentence(row: dict[str, Any], verdict: str, told: dict[str, Any]) -> str:
    """What an alternative comes to."""
    if verdict == "today":
        return f"{words.digits(row['co2e_kg'])} kg CO₂e a piece over its life (± {words.digits(row['half_kg'], 2)})."
    if verdict == "cannot be told apart":
        return "Cannot be told apart from today: the difference is smaller than its interval."
    less = "less" if row["difference_kg"] < 0 else "more"
    text = (
        f"{words.digits(abs(row['difference_kg']))} kg CO₂e {less} than today "
        f"(± {words.digits(row['difference_half_kg'], 2)})."
    )
    if row["shifts"]:
        text += f" It shifts burden to {', '.join(told['stages'][s] for s in row['shifts'])}."
    return text


def _headline(made: list[views.Alternative], product: str) -> str:
    """The finding of the comparison."""
    better = sorted((a for a in made if a.verdict == "better"), key=lambda a: a.difference_kg)
    if not better:
        return f"{product}: no alternative is better than today's beyond doubt"
    best = better[0]
    share = -best.difference_kg / made[0].kg if made[0].kg else 0.0
    shifted = [s.stage for s in best.stages if s.shifted]
    tail = ", and shifts burden" if shifted else ""
    return f"{product}: {best.name} saves {words.digits(100 * share, 2)} % over its life{tail}"
