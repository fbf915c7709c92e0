"""Plays recorded data through the whole twin, as fast as it goes, and sums up each month."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ecotwin.accounting.explain import number
from ecotwin.clock import ManualClock, Period, local_month
from ecotwin.cycle.keeping import to_json
from ecotwin.cycle.twin import Twin
from ecotwin.errors import EcotwinError, FileFault
from ecotwin.plant import Plant, load
from ecotwin.records import Finding, Measure
from ecotwin.settings import read

BEGINNING = datetime(1980, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Replayed:
    """What a replay gave: a row a month and the findings."""

    plant: str
    months: list[dict[str, Any]]
    total: dict[str, Any]
    findings: list[dict[str, Any]]
    refused: list[str]
    connections: dict[str, str]
    ledger: dict[str, Any]
    """Size, root and public key of the signed ledger in which every day's and month's figures stand; `figures` of a
    month names their places in it."""

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "plant": self.plant,
            "months": self.months,
            "total": self.total,
            "findings": self.findings,
            "refused": self.refused,
            "connections": self.connections,
            "ledger": self.ledger,
        }

    def as_lines(self) -> list[str]:
        """For people."""
        lines = [
            f"{'month':<9}{'kWh':>14}{'kgCO2e':>12}{'covered':>9}{'quarantined':>13}{'findings':>10}"
        ]
        for row in [*self.months, {**self.total, "month": "total"}]:
            carbon = "refused" if row["co2e_kg"] is None else number(row["co2e_kg"])
            lines.append(
                f"{row['month']:<9}{row['kwh']:>14,.2f}{carbon:>12}{row['coverage'] * 100:>7.1f} %"
                f"{row['quarantined']:>13,}{row['findings']:>10,}"
            )
        lines += [f"{f['onset']}  {f['title']} ({f['state']})" for f in self.findings[:50]]
        if len(self.findings) > 50:
            lines.append(f"... and {len(self.findings) - 50} more findings (--json lists all)")
        lines += [f"refused: {text}" for text in self.refused]
        lines.append(
            f"sealed: {self.ledger['entries']:,} entries, root {self.ledger['root']}"
            + (
                ""
                if self.ledger["folder"]
                else " (not kept: name a folder with --data-folder to keep the proof)"
            )
        )
        return lines


def replay(plant_file: Path, data: tuple[Path, ...], folder: Path | None) -> Replayed:
    """Play files through a twin of their plant.

    Args:
        plant_file: The plant. data: Recorded files. folder: Where to keep history and ledger; None: nowhere.

    Raises:
        FileFault: A file is missing, cannot be read, or holds no reading of the plant.
    """
    for path in data:
        if not path.exists():
            raise FileFault(
                f"there is no {path}",
                expected="a file or a folder of files",
                remedy="correct --data",
            )
    plant = load(plant_file)
    if not any(c.protocol in {"files", "replay"} for c in plant.connections):
        raise FileFault(
            f"{plant_file} has no connection that reads files",
            expected="a connection with protocol `files` or `replay`",
            remedy="add one to the plant file, with its columns",
        )
    place = folder if folder is not None else Path(tempfile.mkdtemp(prefix="ecotwin-replay-"))
    try:
        return _play(plant, place, data, kept=folder is not None)
    finally:
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)


def _play(plant: Plant, place: Path, data: tuple[Path, ...], *, kept: bool) -> Replayed:
    place.mkdir(parents=True, exist_ok=True)
    settings = read(lateness_s=0.0, flush_s=0.001, raw_days=36_500, minute_days=36_500)
    twin = Twin(plant, settings, ManualClock(BEGINNING), place, data=data)
    try:
        _run(twin)
        return _sum_up(twin, kept=kept)
    finally:
        twin.stop()


def _run(twin: Twin) -> None:
    """Turn the cycle until every source is at its end.

    Raises:
        EcotwinError: A source failed.
    """
    twin.open_connections()
    while True:
        came = twin.step(0.05)
        states = twin.health()
        failed = next((h for h in states.values() if h.state == "failed"), None)
        if failed is not None:
            raise FileFault(failed.text)
        if not came and all(h.state == "finished" and h.queued == 0 for h in states.values()):
            break
    twin.finish()


def _sum_up(twin: Twin, *, kept: bool) -> Replayed:
    span = twin.known()
    if span is None:
        raise FileFault(
            "the files hold no reading of this plant",
            expected="the columns or signals that its connection names",
            remedy="compare the file's header with the plant file",
        )
    findings = sorted(
        {
            f.id: f for f in [*twin.keeper.all(Finding, limit=100_000), *twin.findings_open()]
        }.values(),
        key=lambda f: f.onset,
    )
    refused: list[str] = []
    refused += [
        f"no excess can be told at {twin.plant.element(e).name}: its baseline is not fit ({why}). "
        "What to do: give the plant file what drives its use (states, parts, temperature)."
        for e, why in twin.look.unfit().items()
    ]
    months = [_month(twin, period, findings, refused) for period in _months(twin.plant, span)]
    whole = [m["co2e_kg"] for m in months]
    total = {
        "kwh": round(sum(m["kwh"] for m in months), 4),
        "co2e_kg": None if None in whole else sum(whole),
        "coverage": sum(m["coverage"] * m["hours"] for m in months)
        / sum(m["hours"] for m in months),
        "quarantined": sum(twin.store.reject_counts().values()),
        "findings": len(findings),
        "readings": twin.intake.kept,
    }
    connections = {name: health.text for name, health in twin.health().items()}
    checkpoint = twin.prove.sign(twin.now())
    ledger = {
        "entries": checkpoint.size,
        "root": checkpoint.root.hex(),
        "key": twin.prove.public_key,
        "folder": str(twin.folder / "ledger") if kept else None,
    }
    return Replayed(
        twin.plant.name, months, total, [to_json(f) for f in findings], refused, connections, ledger
    )


def _months(plant: Plant, span: Period) -> list[Period]:
    """Local calendar months, the first and last cut at the data."""
    made = []
    moment = span.start
    while moment < span.end:
        local = moment.astimezone(plant.zone)
        month = local_month(local.year, local.month, plant.zone)
        made.append(Period(max(month.start, span.start), min(month.end, span.end)))
        moment = month.end
    return made


def _month(
    twin: Twin, period: Period, findings: list[Finding], refused: list[str]
) -> dict[str, Any]:
    site = twin.plant.site.id
    made = twin.prove.days.account(period)
    for _, text in made.gaps:
        if text not in refused:
            refused.append(text)
    try:
        energy = made.of(site, "energy.electricity")
    except EcotwinError as fault:
        refused.append(str(fault))
        return {"month": _name(twin, period), "hours": period.hours, "kwh": 0.0, "co2e_kg": None, "coverage": 0.0,
                "quarantined": 0, "findings": 0, "figures": {}}  # fmt: skip
    carbon = next((m for m in made.measures if m.indicator == "ghg.scope2_location"), None)
    places = {m.id: twin.keeper.entry_of(Measure, m.id) for m in (energy, carbon) if m is not None}
    return {
        "month": _name(twin, period),
        "hours": period.hours,
        "kwh": round(energy.value, 4),
        "low": energy.low,
        "high": energy.high,
        "co2e_kg": carbon.value if carbon else None,
        "coverage": energy.coverage,
        "estimated_share": energy.estimated_share,
        "quarantined": sum(twin.store.reject_counts(period).values()),
        "findings": sum(period.start <= f.onset < period.end for f in findings),
        "figures": places,
    }


def _name(twin: Twin, period: Period) -> str:
    return period.start.astimezone(twin.plant.zone).strftime("%Y-%m")
