"""`ecotwin baseline`: a baseline on any file of energy, and what was saved since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from ecotwin.cli_baseline.columns import Roles, bound, find_roles, joined, read_file, stamps_s
from ecotwin.cli_words import Json, show, writing
from ecotwin.errors import SettingsFault

if TYPE_CHECKING:
    from ecotwin.accounting.performance import Adjustment, Performance, Series
    from ecotwin.records import Floats


Energy = Annotated[
    Path, typer.Argument(help="CSV (also .gz) or Parquet: energy and its variables.")
]
Drivers = Annotated[
    str, typer.Option(help="Variables, parted by commas, or `none`; default: found by name.")
]
From = Annotated[
    str, typer.Option("--from", help="Start of the reporting period; default: --until.")
]
Zone = Annotated[
    str, typer.Option(help="Zone of the site, for stamps in UTC; default: as stamped.")
]
TimeUnit = Annotated[
    str, typer.Option(help="Unit of numbers in the time column: s ms us ns min h d.")
]
Adjust = Annotated[
    list[str] | None,
    typer.Option(help="Non-routine adjustment AMOUNT=REASON, added to the expected use."),
]
Exclude = Annotated[
    list[str] | None, typer.Option(help="Leave out START/END=REASON on both sides.")
]


def baseline(
    file: Energy,
    until: Annotated[
        str, typer.Option(help="End of the baseline period, in the time column's terms.")
    ],
    time: Annotated[str, typer.Option(help="Column of stamps; default: found by name.")] = "",
    target: Annotated[
        str, typer.Option(help="Column of energy used; default: found by name.")
    ] = "",
    drivers: Drivers = "",
    temperature: Annotated[
        str, typer.Option(help="Which variable is the outdoor temperature.")
    ] = "",
    from_: From = "",
    stamps: Annotated[
        str, typer.Option(help="Stamps are the `start` or `end` of readings.")
    ] = "start",
    time_unit: TimeUnit = "",
    timezone: Zone = "",
    adjust: Adjust = None,
    exclude: Exclude = None,
    level: Annotated[float, typer.Option(help="Of the interval.")] = 0.9,
    out: Annotated[Path | None, typer.Option(help="CUSUM as CSV: time, cusum.")] = None,
    json: Json = False,
) -> None:
    """Fit an energy baseline on a file before a time, and prove or refuse the saving after it.

    Exit code 0 also when the claim is refused: `fit_for_purpose` and `claim` say so.

    Example: ecotwin baseline meter.csv --time start --target kwh --drivers temp,tonnes --until 2026-01-01
    """
    from ecotwin.accounting.performance import perform

    if not 0.5 <= level < 1.0:
        raise SettingsFault(f"--level is {level}", expected="0.5 up to, not including, 1")
    columns, texts = read_file(file)
    time = joined(columns, texts, time)
    roles = find_roles(columns, texts, time, target, drivers, temperature)
    zone = _zone(timezone)
    stamped = stamps_s(texts[roles.time], time_unit, zone, file)
    bounds = {"--until": until, "--from": from_ or until}
    ends = {k: bound(v, texts[roles.time], time_unit, zone, k) for k, v in bounds.items()}
    left_out = [_excluded(e, texts[roles.time], time_unit, zone) for e in exclude or ()]
    data = _series(columns, roles, stamped, stamps, left_out)
    result = perform(
        data, ends["--until"], after_s=ends["--from"], level=level,
        adjustments=[_adjustment(a) for a in adjust or ()],
    )  # fmt: skip
    if out is not None:
        _write(out, result)
    told = {
        **result.as_json(),
        "roles": {"time": roles.time, "target": roles.target, "drivers": list(roles.drivers),
                  "temperature": roles.temperature},
        "notes": list(roles.notes),
        "excluded": [{"period": p, "reason": r} for _, _, p, r in left_out],
    }  # fmt: skip
    show(told, json, _lines(result, roles, data))


def _series(
    columns: Mapping[str, Floats], roles: Roles, at: Floats, stamps: str,
    left_out: Sequence[tuple[float, float, str, str]],
) -> Series:  # fmt: skip
    import numpy as np

    from ecotwin.accounting.performance import series

    if stamps not in ("start", "end"):
        raise SettingsFault(f"--stamps is {stamps!r}", expected="start or end")
    amount = columns[roles.target].copy()
    for start, end, _, _ in left_out:
        amount[(at >= start) & (at < end)] = np.nan
    named = {n: columns[n] for n in roles.drivers}
    return series(at, amount, named, temperature=roles.temperature, end_stamped=stamps == "end")


def _zone(name: str) -> ZoneInfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError) as error:
        raise SettingsFault(
            f"there is no time zone {name!r}", expected="such as Europe/Berlin"
        ) from error


def _adjustment(text: str) -> Adjustment:
    from ecotwin.accounting.performance import Adjustment

    amount, _, reason = text.partition("=")
    try:
        if not reason.strip():
            raise ValueError(reason)
        return Adjustment(float(amount), reason.strip())
    except ValueError as error:
        raise SettingsFault(
            f"--adjust is {text!r}", expected="AMOUNT=REASON, the reason in words"
        ) from error


def _excluded(
    text: str, column: Sequence[str], unit: str, zone: tzinfo | None
) -> tuple[float, float, str, str]:
    period, _, reason = text.partition("=")
    start, _, end = period.partition("/")
    if not (start and end and reason.strip()):
        raise SettingsFault(
            f"--exclude is {text!r}", expected="START/END=REASON, the reason in words"
        )
    made = [bound(t, column, unit, zone, "--exclude") for t in (start, end)]
    return made[0], made[1], period, reason.strip()


def _write(out: Path, result: Performance) -> None:
    rows = (
        f"{datetime.fromtimestamp(float(t), UTC).replace(tzinfo=None).isoformat()},{float(c)!r}\n"
        for t, c in zip(result.at_s, result.cusum, strict=True)
    )
    with writing(out) as file:
        file.write("time,cusum\n")
        file.writelines(rows)


def _lines(result: Performance, roles: Roles, data: Series) -> list[str]:
    """For a person."""
    form, around = result.choice.fitted.form, result.spread
    said = {
        "saving": "a saving is shown",
        "no saving shown": "no saving is shown: the interval holds zero",
        "more used": "more was used than expected",
        "refused": "no saving may be claimed on these data; the difference is told, no more",
    }[result.claim]
    bases = (("heating below", form.heat_base), ("cooling above", form.cool_base))
    points = [f"{word} {base:.1f}" for word, base in bases if base is not None]
    percent = 100.0 * result.saved / result.expected if result.expected else 0.0
    name = form.name + (f" ({', '.join(points)})" if points else "")
    drifting = f"{100 * (1 - around.noise_share):.0f} % is drift of the site"
    interval = f"{100 * result.level:.0f} % interval {result.low:,.1f} to {result.high:,.1f}"
    used = f"used {result.actual:,.1f}   ({result.later_readings} readings)"
    return [
        f"baseline   {name}, {result.base_readings} {data.grain} readings of {roles.target}",
        *(
            f"  {'with   ' if r.kept else 'without'} {r.name}: {r.why}"
            for r in result.choice.reasons
        ),
        f"expected   {result.expected:,.1f}   {used}",
        *(f"  adjusted by {a.amount:+,.1f}: {a.reason}" for a in result.adjustments),
        f"difference {result.saved:,.1f} ({percent:.1f} %), {interval}",
        f"  of its variance {drifting} ({100 * around.drift_per_year:.1f} % a year)",
        ("fit        " if result.fit_for_purpose else "UNFIT      ")
        + "\n           ".join(result.reasons),
        f"so         {said}",
        *(f"note       {n}" for n in roles.notes),
    ]
