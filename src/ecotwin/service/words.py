"""How figures and times are written: three significant figures, a unit always, the plant's own time."""

from __future__ import annotations

import math
import re
from datetime import datetime
from zoneinfo import ZoneInfo

from ecotwin.plant import Plant
from ecotwin.records import Range
from ecotwin.service.views import Level

STATE_WORDS = {
    "off": "Off",
    "standby": "Standby",
    "heating": "Heating up",
    "setup": "Changeover",
    "idle": "Waiting",
    "busy": "Producing",
    "down": "Down",
}

CARRIER_WORDS = {
    "electricity": "Electricity",
    "gas": "Gas",
    "compressed_air": "Compressed air",
    "water": "Water",
    "steam": "Steam",
    "heat": "Heat",
    "cold": "Cooling",
    "nitrogen": "Nitrogen",
    "waste": "Waste",
}


DETECTORS = {
    "residual": "power against its baseline",
    "ewma": "slow drift",
    "limits": "limits",
    "baseflow": "flow while nobody uses it",
    "idling": "power outside of shifts",
    "scrap": "share of bad parts",
    "silence": "missing data",
    "sunlight": "solar power against the sun",
    "efficiency": "power against what is made of it",
    "meters": "a meter's index against its rate",
}
"""What each detector looks at, as people say it; one from elsewhere goes by its own name."""

AUTONOMY = {
    "observe": "only watched",
    "advise": "by hand",
    "approve": "on approval",
    "automatic": "by itself",
}
"""How far the twin may go at a set-point, as people say it."""

_SIGNS = (("degC", "°C"), ("m3", "m³"), ("kgCO2e", "kg CO₂e"), ("CO2e", "CO₂e"), ("W/m2", "W/m²"))


def unit(name: str) -> str:
    """A unit as people write it.

    >>> unit("degC"), unit("m3/h"), unit("kgCO2e/kWh"), unit("1")
    ('°C', 'm³/h', 'kg CO₂e/kWh', '')
    """
    return "" if name == "1" else signs(name)


def signs(text: str) -> str:
    """A sentence with its units as people write them.

    >>> signs("Set-point within 110 to 260 degC")
    'Set-point within 110 to 260 °C'
    """
    for plain, shown in _SIGNS:
        text = text.replace(plain, shown)
    return text


_PERIOD = re.compile(r" ?in \d{4}-\d\d-\d\dT[\d:.]+Z/\d{4}-\d\d-\d\dT[\d:.]+Z")
_NAME = re.compile(r"\b[a-z][a-z0-9]*(?:[_.][a-z0-9]+)+\b")


def named(plant: Plant, text: str) -> str:
    """A sentence with the names of signals and elements instead of their ids."""

    def called(found: re.Match[str]) -> str:
        token = found.group()
        if plant.has_signal(token):
            signal = plant.signal(token)
            name = signal.name.split(":")[0].replace("_", " ")
            return f"{name} of {plant.element(signal.element).name}"
        return next((e.name for e in plant.elements if e.id == token), token)

    return _NAME.sub(called, text)


def plainly(plant: Plant, text: str) -> str:
    """What cannot be had, with names instead of ids and without stamps of time."""
    text = named(plant, _PERIOD.sub("", text))
    site = plant.site
    text = re.sub(rf"\b{re.escape(site.id)}\b", site.name, text)
    return text[:1].upper() + text[1:]


def digits(value: float | None, figures: int = 3) -> str:
    """A number to three significant figures, thousands parted by a comma.

    >>> digits(659.6), digits(0.75249), digits(48213.2), digits(0), digits(None), digits(-3.14159)
    ('660', '0.752', '48,200', '0', '–', '−3.14')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    places = figures - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    if rounded != 0:
        places = figures - 1 - math.floor(math.log10(abs(rounded)))
    return f"{rounded:,.{max(0, places)}f}".replace("-", "−")


def span(low: float, high: float, unit: str = "") -> str:
    """An interval with as many decimals as its wider end needs.

    >>> span(598.2, 641.9, "kW"), span(1.62, 2.7), span(-2.0, 480)
    ('598–642 kW', '1.62–2.70', '−2.0 to 480')
    """
    places = _places(max(abs(low), abs(high)))
    first, second = (
        f"{digits(low, 3) if places is None else f'{low:,.{places}f}'}",
        f"{digits(high, 3) if places is None else f'{high:,.{places}f}'}",
    )
    first, second = first.replace("-", "−"), second.replace("-", "−")
    if low < 0:
        first = digits(low, 2)
        return f"{first} to {second} {unit}".strip()
    return f"{first}–{second} {unit}".strip()


def _places(size: float) -> int | None:
    if size == 0 or not math.isfinite(size):
        return None
    return max(0, 2 - math.floor(math.log10(size)))


def ranged(value: Range, unit: str = "") -> str:
    """`2.10 (1.60–2.70) m3/h`."""
    return f"{digits(value.value)} ({span(value.low, value.high)}) {unit}".strip()


def signed(value: float, figures: int = 3) -> str:
    """A difference with its sign.

    >>> signed(15.64), signed(-0.9), signed(0.0)
    ('+15.6', '−0.900', '±0')
    """
    if value == 0:
        return "±0"
    return f"+{digits(value, figures)}" if value > 0 else digits(value, figures)


def clock_time(at: datetime, zone: ZoneInfo) -> str:
    """`14:05` in the plant's time."""
    return at.astimezone(zone).strftime("%H:%M")


def day_time(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """`today 05:50`, `tomorrow 06:40`, `Tue 06:40` or `9 Jun 06:40`."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    days = (today.date() - local.date()).days
    if days == 0:
        return f"today {local:%H:%M}"
    if days == -1:
        return f"tomorrow {local:%H:%M}"
    if 0 < days < 7:
        return f"{local:%a %H:%M}"
    return f"{local.day} {local:%b %H:%M}"


def since(title: str, when: str) -> str:
    """A finding's title with when it began.

    >>> since("Oven 2 draws 12 kW more than expected", "Tue 06:40")
    'Oven 2 draws 12 kW more than expected since Tue 06:40'
    >>> since("Oven 2 makes 4 % bad parts, 1 % is usual", "today 05:50")
    'Oven 2 makes 4 % bad parts, 1 % is usual, since today 05:50'
    """
    title = signs(title)
    return f"{title}{',' if ',' in title else ''} since {when}"


def length(seconds: float) -> str:
    """A length of time.

    >>> length(42), length(90), length(5400), length(200000)
    ('42 s', '1.5 min', '1.5 h', '2.3 d')
    """
    for size, unit in ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.0f} s"


def against(
    value: float, mean: float, low: float, high: float, *, good_low: bool = True
) -> tuple[str, Level]:
    """How a figure stands against what was expected: words and level.

    Inside the 95 % band it is as expected. Outside, it is to be watched; twice as far out, to be acted on;
    a deviation to the good side stays calm.

    >>> against(660, 620, 598, 642)
    ('↑ 6.5 % above', 'watch')
    >>> against(630, 620, 598, 642)
    ('as expected', 'ok')
    """
    if low <= value <= high or mean == 0:
        return "as expected", "ok"
    share = (value - mean) / abs(mean) * 100
    arrow, word = ("↑", "above") if share > 0 else ("↓", "below")
    text = f"{arrow} {digits(abs(share), 2)} % {word}"
    if (share > 0) != good_low:
        return text, "ok"
    half = (high - low) / 2 or abs(mean) * 0.02
    return text, "act" if abs(value - mean) > 2 * half else "watch"
