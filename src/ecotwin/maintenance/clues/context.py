"""What went on at the time: weather, products, output, a value that repeats itself, what was found before."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import numpy as np

from ecotwin.clock import DAY, HOUR, instant
from ecotwin.maintenance.clues.scene import LEAST_STEPS, Clue, Scene, soft
from ecotwin.maintenance.clues.wording import share, three
from ecotwin.plant.model import Plant, Signal

NEAR_H = 1.0
BEYOND_K = 2.0
"""Weather is new from so far outside of what the days before knew."""
RECENT_DAYS = 30
SWAP_SURE = 0.99


def clues(scene: Scene) -> Iterator[Clue]:
    """Clues from the circumstances."""
    yield from _weather(scene)
    yield from _product(scene)
    yield from _output(scene)
    yield from _frozen(scene)
    yield from _before(scene)
    yield from _verdict(scene)


def _weather(scene: Scene) -> Iterator[Clue]:
    """Whether the excess follows the outdoor temperature, and whether that was known before."""
    if not scene.plant.outdoor or not scene.has(scene.plant.signal(scene.plant.outdoor)):
        return
    signal = scene.plant.signal(scene.plant.outdoor)
    degc = scene.values(signal)
    early, late = degc[scene.before & np.isfinite(degc)], degc[scene.after & np.isfinite(degc)]
    if len(early) < 2 * LEAST_STEPS or len(late) < LEAST_STEPS:
        return
    low, high = np.quantile(early, [0.0, 1.0])
    mean = float(late.mean())
    outside = float(np.mean((late < low - BEYOND_K) | (late > high + BEYOND_K)))
    sure = soft(outside, 0.4, 0.08)
    text = (
        f"It is {three(mean, 'degC')} outdoors; the days before knew {three(float(low), 'degC')} "
        f"to {three(float(high), 'degC')}"
    )
    yield Clue("new_weather", sure, text, signal.id, mean, float(early.mean()), "degC")
    known = scene.after & np.isfinite(degc) & np.isfinite(scene.gap)
    hours = (scene.window.at - scene.window.at[0]) // HOUR
    if known.sum() * scene.window.step_s < 10 * 3600:
        return
    groups = np.unique(hours[known])
    a = np.array([degc[known & (hours == h)].mean() for h in groups])
    b = np.array([scene.gap[known & (hours == h)].mean() for h in groups])
    if len(groups) < 10 or np.ptp(a) < 3.0 or np.ptp(b) <= 0.0:
        return
    r = float(np.corrcoef(a, b)[0, 1])
    way = "move together" if abs(r) > 0.6 else "do not move together"
    text = f"Its size and the outdoor temperature {way} (correlation {r:.2f} over {len(groups)} h)"
    yield Clue("follows_weather", soft(abs(r), 0.7, 0.06), text, signal.id, r, 0.0, "")


def _products(plant: Plant, element: str) -> list[Signal]:
    """What tells the product of a machine; of a place that makes nothing, of all machines."""
    for place in reversed(plant.path(element)):
        found = plant.find(place.id, "product")
        if found is not None:
            return [found]
    makers = [s for s in plant.signals if s.means == "product"]
    first: dict[str, Signal] = {}
    for signal in makers:
        first.setdefault(plant.element(signal.element).parent, signal)
    return list(first.values())


def _product(scene: Scene) -> Iterator[Clue]:
    """Whether the product changed about when it began, or one runs that the days before did not know."""
    signals = [s for s in _products(scene.plant, scene.finding.element) if scene.has(s)]
    if not signals:
        return
    at = scene.window.at
    near = (at >= scene.onset - NEAR_H * HOUR) & (at <= scene.onset + 0.5 * HOUR)
    changed: list[str] = []
    for signal in signals:
        codes = scene.values(signal)
        known = near & np.isfinite(codes) & (codes > 0)
        seen = np.unique(codes[known])
        late = np.unique(codes[scene.after & np.isfinite(codes) & (codes > 0)])
        early = codes[scene.before & np.isfinite(codes) & (codes > 0)]
        new = [c for c in late if len(early) and np.mean(early == c) < 0.02]
        place = scene.plant.element(scene.plant.element(signal.element).parent).name
        if len(seen) > 1 or new:
            named = [_product_name(scene.plant, code) for code in (new or [seen[0], seen[-1]])]
            told = f"to {named[0]}" if new else f"between {named[0]} and {named[-1]}"
            changed.append(f"{place} changed its product {told} about then")
    sure = 0.9 if changed else 0.04
    # A change somewhere among several lines says less than one on the machine's own.
    sure = sure if len(signals) == 1 or not changed else 0.6
    text = "; ".join(changed[:2]) if changed else "No product changed about when it began"
    yield Clue("product_changed", sure, text, signals[0].id)


def _output(scene: Scene) -> Iterator[Clue]:
    """Whether more is made than before at the same time of work."""
    parts = scene.plant.find(scene.finding.element, "parts_total")
    if parts is None or not scene.has(parts):
        return
    rate = scene.values(parts)
    early = rate[scene.before & scene.works & np.isfinite(rate)]
    late = rate[scene.after & scene.works & np.isfinite(rate)]
    if len(early) < 2 * LEAST_STEPS or len(late) < LEAST_STEPS:
        return
    was, now = float(early.mean()), float(late.mean())
    if was <= 0:
        return
    sure = soft(now / was, 1.12, 0.025)
    text = f"It makes {three(now)} parts an hour at work, before {three(was)}"
    yield Clue("more_output", sure, text, parts.id, now, was, "1/h")


def _frozen(scene: Scene) -> Iterator[Clue]:
    """Whether the telling value repeats itself while it used to move."""
    signal = scene.telling
    if signal is None or signal.form in {"state", "setpoint", "counter", "interval"}:
        return
    at = scene.places[signal.index]
    spread = scene.window.high[:, at] - scene.window.low[:, at]
    mean = scene.window.mean[:, at]
    same = np.concatenate([[False], (mean[1:] == mean[:-1])]) & (spread == 0.0) & (mean != 0.0)
    known = np.isfinite(spread) & (scene.window.count[:, at] > 0)
    active = known & (scene.planned if scene.plant.shifts else True)
    early, late = same[scene.before & active], same[scene.after & active]
    if len(early) < 2 * LEAST_STEPS or len(late) < 3:
        early, late = same[scene.before & known], same[scene.after & known]
    if len(early) < 2 * LEAST_STEPS or len(late) < 3:
        return
    was, now = float(early.mean()), float(late.mean())
    sure = soft(now - was, 0.5, 0.1)
    text = (
        f"Its value was exactly the same in {share(now)} of the steps, usually in {share(was)}"
        if sure > 0.5
        else f"Its value moves as it always did (the same as before in {share(now)} of the steps, usually {share(was)})"
    )
    yield Clue("frozen", sure, text, signal.id, 100 * now, 100 * was, "%")


def _before(scene: Scene) -> Iterator[Clue]:
    """Whether the same was found before, and at the same time of day."""
    zone: ZoneInfo = scene.plant.zone
    recent = [t for t in scene.earlier if 0 < scene.onset - t <= RECENT_DAYS * DAY]
    hour = _hour(scene.onset, zone)
    alike = [t for t in recent if abs((_hour(t, zone) - hour + 12.0) % 24.0 - 12.0) <= 1.0]
    if not recent:
        yield Clue("recurs", 0.2, "It is the first of its kind here in 30 days")
        return
    sure = soft(float(len(alike)), 1.5, 0.4)
    text = (
        f"It was found {len(recent)} times before in 30 days, {len(alike)} of them within an hour of this time of day"
        if len(recent) > 1
        else f"It was found once before in 30 days{', at this time of day' if alike else ''}"
    )
    yield Clue("recurs", sure, text, "", float(len(alike)), float(len(recent)), "")


def _hour(at: int, zone: ZoneInfo) -> float:
    local = instant(at).astimezone(zone)
    return local.hour + local.minute / 60.0


def _product_name(plant: Plant, code: float) -> str:
    """What a person calls the product of a code."""
    return next((p.name for p in plant.products if p.code == code), f"{code:.0f}")


def _verdict(scene: Scene) -> Iterator[Clue]:
    """What cross-checks with other meters said of the signal."""
    if scene.verdict in ("sensor", "manipulation", "process", "swapped"):
        # That two meters tell each other's story to the digit is hardly ever chance; other verdicts may be.
        most = SWAP_SURE if scene.verdict == "swapped" else 0.97
        sure = min(max(scene.verdict_sure, 0.03), most)
        yield Clue(f"cross_{scene.verdict}", sure, scene.verdict_text)
