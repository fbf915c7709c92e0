"""What is known of a machine, from its kind and the plant file, with units beside the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecotwin.plant import Element
from ecotwin.service import words
from ecotwin.service.views import Fact

if TYPE_CHECKING:
    from ecotwin.cycle import Twin

INNER = {
    "role", "sleep_signal", "product_uri", "product_root", "manufacturer_street", "manufacturer_zip",
    "manufacturer_city", "manufacturer_country", "order_code",
}  # fmt: skip
"""Facts that tell the twin how to treat a machine, or stand on its nameplate alone."""
FACT_UNITS = {
    "kwh_per_m3": "kWh/m³", "m3_h": "m³/h", "min": "min", "kw": "kW", "kwh": "kWh", "bar": "bar", "s": "s", "h": "h",
    "m3": "m³", "kg": "kg", "degc": "°C", "c": "°C", "l": "l", "share": "of 1",
}  # fmt: skip
SLEEP_LEVELS = {"asleep", "awake"}
"""Facts in the unit of the set-point that puts the machine to sleep."""


def facts_of(twin: Twin, element: Element) -> list[Fact]:
    """The facts of a machine that tell people something."""
    unit = _sleep_unit(twin, element)
    return [
        words_of_fact(k, v, unit)
        for k, v in element.kind_facts.items()
        if not k.startswith("kw_") and k not in INNER and v not in ("", None)
    ]


def _sleep_unit(twin: Twin, element: Element) -> str:
    """Unit of what a machine is put to sleep by."""
    sleep = element.sleep
    known = sleep is not None and twin.plant.has_signal(sleep.signal)
    return words.unit(twin.plant.signal(sleep.signal).unit) if sleep and known else ""


def words_of_fact(key: str, value: object, sleep_unit: str = "") -> Fact:
    """A fact of the plant file with its unit beside the number, as its name ends in it.

    >>> words_of_fact("warmup_min", 18.0), words_of_fact("rated_flow_m3_h", 560.0).value
    (Fact(name='Warmup', value='18 min', source='plant file'), '560 m³/h')
    """
    name, unit = key, sleep_unit if key in SLEEP_LEVELS else ""
    for end in sorted(FACT_UNITS, key=len, reverse=True):
        if key.endswith(f"_{end}") and not isinstance(value, str):
            name, unit = key.removesuffix(f"_{end}"), FACT_UNITS[end]
            break
    shown = f"{value:g}" if isinstance(value, int | float) else str(value).replace("_", " ")
    return Fact(
        name=name.replace("_", " ").capitalize(),
        value=f"{shown} {unit}".strip(),
        source="plant file",
    )
