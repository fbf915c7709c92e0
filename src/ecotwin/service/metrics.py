"""What Prometheus reads, in its text format."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecotwin.cycle import Twin


def exposition(twin: Twin) -> str:
    """All metrics of a twin as text.

    The process' own CPU time and memory are among them: the twin's own footprint is counted too.
    """
    import psutil

    process = psutil.Process()
    cpu = process.cpu_times()
    rows: list[tuple[str, str, str, dict[str, float]]] = [
        (
            "ecotwin_cpu_seconds_total",
            "counter",
            "CPU time of the twin",
            {"": cpu.user + cpu.system},
        ),
        *_own(twin),
        ("ecotwin_resident_bytes", "gauge", "Memory of the twin", {"": process.memory_info().rss}),
        ("ecotwin_store_bytes", "gauge", "History on disk", {"": twin.store.size_bytes()}),
        ("ecotwin_ledger_entries", "gauge", "Entries sealed", {"": twin.ledger.size}),
        (
            "ecotwin_data_age_seconds",
            "gauge",
            "Age of the newest data, plant time",
            {"": twin.data_age_s},
        ),
        ("ecotwin_findings_open", "gauge", "Open findings", {"": len(twin.findings_open())}),
        ("ecotwin_kept_total", "counter", "Readings kept since start", {"": twin.intake.kept}),
        (
            "ecotwin_rejected_total",
            "counter",
            "Samples put into quarantine since start, by reason",
            {f'{{reason="{reason}"}}': n for reason, n in sorted(twin.intake.rejected.items())},
        ),
    ]
    for field, text in (
        ("received", "Samples received"),
        ("shed", "Samples shed under overload"),
        ("refused", "Messages that could not be read"),
        ("queued", "Samples waiting"),
    ):
        values = {f'{{connection="{n}"}}': getattr(h, field) for n, h in twin.health().items()}
        rows.append((f"ecotwin_connection_{field}", "gauge", text, values))
    lines: list[str] = []
    for name, kind, text, values in rows:
        lines += [f"# HELP {name} {text}.", f"# TYPE {name} {kind}"]
        lines += [f"{name}{label} {float(value):g}" for label, value in values.items()]
    return "\n".join(lines) + "\n"


def _own(twin: Twin) -> list[tuple[str, str, str, dict[str, float]]]:
    """What the twin itself uses, and today's carbon of it where the plant file gives a grid factor."""
    if twin.own is None:
        return []
    rows: list[tuple[str, str, str, dict[str, float]]] = [
        (
            "ecotwin_own_joules_total",
            "counter",
            "Energy used by the twin itself since it began to count (model: see ecotwin_own_watts)",
            {"": twin.own.joules()},
        ),
        (
            "ecotwin_own_watts",
            "gauge",
            f"Power of the twin itself over the last minute: {twin.own.counted_by}",
            {"": twin.own.watts()},
        ),
    ]
    for indicator, name, text in (
        (
            "energy.twin",
            "ecotwin_own_kwh_today",
            "Energy used by the twin itself today, plant time",
        ),
        ("ghg.twin", "ecotwin_own_co2e_kg_today", "Carbon of it by the plant's grid factor"),
    ):
        figure = twin.today(twin.plant.site.id, indicator)
        if figure is not None:
            rows.append((name, "gauge", text, {"": figure.value}))
    return rows
