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
