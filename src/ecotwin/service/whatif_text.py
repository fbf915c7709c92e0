"""What a comparison says, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ecotwin.service import words
from ecotwin.service.whatif import assumed, cell_text, figure_name, figure_unit

_WIDTH = 46


def lines(body: Mapping[str, Any]) -> list[str]:
    """A comparison, figure by figure, then limits, the front and what was left out.

    Args:
        body: The document of a what-if that is done.
    """
    told, asked = body["result"], body["question"]
    cases = told["cases"]
    begin = datetime.fromisoformat(body["start"])
    made = [
        (
            f"{asked['title']}: {asked['runs']} runs of {asked['hours']:g} h from {begin:%A %d %B %Y %H:%M}, "
            f"seed {asked['seed']}"
        ),
        *(f"  under: {name}" for name in body["under_names"]),
        "",
    ]
    for row in told["figures"]:
        unit = words.unit(figure_unit(row["figure"], told))
        name = f"{figure_name(row['figure'])}{f' [{unit}]' if unit else ''}"
        made.append(f"{name:<{_WIDTH}} {words.digits(row['cells'][0]['value']['mean']):>12}")
        for case, cell in list(zip(cases, row["cells"], strict=True))[1:]:
            if cell["verdict"] != "same":
                better = (
                    ""
                    if cell["better"] is None
                    else f"; better in {100 * cell['better']:.0f} % of the runs"
                )
                made.append(f"    {case['name']:<{_WIDTH - 4}} {cell_text(cell, unit)}{better}")
    made.append("")
    for case in cases:
        made += [f"{case['name']}: {text}" for text in case["why_not"]]
        made += [f"{case['name']}: {text}" for text in (*case["doubts"], *case["notes"])]
    on = [c["name"] for c in cases if c["point"]["on_front"]]
    if told["objectives"]:
        weighed = ", ".join(figure_name(n) for n in told["objectives"])
        made.append(
            f"Nothing beats, weighed over {weighed}: {', '.join(on) or 'none keeps its limits'}"
        )
    made += assumed(body)
    made += [f"not told: {figure_name(f)}: {text}" for f, text in told["left_out"].items()]
    sealed = f", ledger entry {body['entry']}" if body["entry"] is not None else ", not sealed"
    made.append(f"{body['seconds']:.1f} s; digest {body['digest'][:16]}{sealed}")
    return made
