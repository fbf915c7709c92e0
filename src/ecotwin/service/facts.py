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
    "manufacturer_city", "manufacturer_country", "order_code", "model", "side_by_side", "stages",
}  # fmt: skip
INNER_ENDS = ("_sd_share", "_cv")
"""Spreads between machines of one kind: they tell nothing of this one."""
"""Facts that tell the twin how to treat a machine, or stand on its nameplate alone."""
FACT_UNITS = {
    "kwh_per_m3": "kWh/m³", "m3_h": "m³/h", "min": "min", "kw": "kW", "kwh": "kWh", "bar": "bar", "s": "s", "h": "h",
    "m3": "m³", "kg": "kg", "degc": "°C", "c": "°C", "l": "l", "share": "%", "k": "K", "m2": "m²", "kwp": "kWp",
    "kwh_per_k": "kWh/K", "kw_per_k": "kW/K", "kj_per_k": "kJ/K", "g_per_part": "g/part", "mg_m3": "mg/m³",
    "mg_per_m3": "mg/m³", "kgco2e": "kg CO₂e", "g_per_mol": "g/mol", "kj_per_mol": "kJ/mol", "kj_per_kg_k": "kJ/(kg K)",
    "kwh_per_kg": "kWh/kg", "m3_per_m3": "m³/m³", "m3_per_kwh": "m³/kWh", "kg_per_l": "kg/l", "g_kg": "g/kg",
    "w_m2": "W/m²", "kwh_per_t": "kWh/t",
}  # fmt: skip
FACT_NAMES = {
    "mtbf": "Between failures", "mttr": "To repair", "warmup": "Warm-up", "rated_cop": "Rated COP", "ua": "Heat passed",
    "capacity": "Heat held", "wall": "Heat lost by walls", "aux": "Auxiliaries",
    "n2_idle": "N₂ idle", "n2_busy": "N₂ busy",
    "noct": "Cells in the sun (NOCT)", "cp": "Heat capacity", "attend": "Attended", "cooling": "Cooled by halls",
    "rest_break": "In breaks", "rest_free": "Without shift", "cycle": "Of the line's cycle",
    "part": "Heat taken by a part",
    "min_break": "Shortest break to sleep in", "asleep": "Set-point asleep", "awake": "Set-point awake",
}  # fmt: skip
"""What people say for a name of the plant file."""
SLEEP_LEVELS = {"asleep", "awake"}
"""Facts in the unit of the set-point that puts the machine to sleep."""


def facts_of(twin: Twin, element: Element) -> list[Fact]:
    """The facts of a machine that tell people something."""
    unit = _sleep_unit(twin, element)
    return [
        words_of_fact(k, v, unit)
        for k, v in element.kind_facts.items()
        if not k.startswith("kw_")
        and k not in INNER
        and not k.endswith(INNER_ENDS)
        and v not in ("", None)
    ]


def _sleep_unit(twin: Twin, element: Element) -> str:
    """Unit of what a machine is put to sleep by."""
    sleep = element.sleep
    known = sleep is not None and twin.plant.has_signal(sleep.signal)
    return words.unit(twin.plant.signal(sleep.signal).unit) if sleep and known else ""


def words_of_fact(key: str, value: object, sleep_unit: str = "") -> Fact:
    """A fact of the plant file with its unit beside the number, as its name ends in it.

    >>> words_of_fact("warmup_min", 18.0), words_of_fact("rated_flow_m3_h", 560.0).value
    (Fact(name='Warm-up', value='18 min', source='plant file'), '560 m³/h')
    >>> words_of_fact("scrap_share", 0.015).value, words_of_fact("rated_cop", 4.6).name
    ('1.5 %', 'Rated COP')
    """
    name, unit = key, sleep_unit if key in SLEEP_LEVELS else ""
    for end in sorted(FACT_UNITS, key=len, reverse=True):
        if key.endswith(f"_{end}") and not isinstance(value, str):
            name, unit = key.removesuffix(f"_{end}"), FACT_UNITS[end]
            break
    if unit == "%" and isinstance(value, int | float):
        value = 100.0 * value
    shown = f"{value:g}" if isinstance(value, int | float) else str(value).replace("_", " ")
    name = FACT_NAMES.get(name, name.replace("_", " "))
    return Fact(
        name=name[:1].upper() + name[1:],
        value=f"{shown} {unit}".strip(),
        source="plant file",
    )
