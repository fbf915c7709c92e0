"""What stands around the excess: the machine's other signals, the flow graph, set-points, machines of its kind."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ecotwin.clock import HOUR, instant
from ecotwin.maintenance.clues.scene import LEAST_STEPS, Clue, Scene, soft, spread
from ecotwin.maintenance.clues.tables import seen_when
from ecotwin.maintenance.clues.wording import share, three
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import Bools, Floats

NO_PROCESS = ("state", "product", "hours", "parts_total", "parts_good", "cycles")
METERS = ("electricity_power", "electricity_energy", "electricity_interval")
ALIKE = 4
"""So many machines of a kind are asked at most."""


def clues(scene: Scene) -> Iterator[Clue]:
    """Clues from beside the telling signal."""
    yield from _moved(scene)
    yield from _set_points(scene)
    yield from _meter_above(scene)
    yield from _index_against_power(scene)
    yield from _kin(scene)


def local(signal: Signal) -> str:
    """A signal's name inside its machine."""
    return signal.id.rsplit(".", 1)[-1]


def called(plant: Plant, signal: Signal) -> str:
    """What a person calls a signal."""
    name = signal.name.split(":")[0].split(",")[0]
    return f"{name[:1].upper()}{name[1:]} of {plant.element(signal.element).name}"


def shift_of(
    scene: Scene, values: Floats, where: Bools | None = None
) -> tuple[float, float, float]:
    """How far a signal left its usual values: in its scatter, and its means as seen and as usual."""
    usual = scene.usual_of(values)
    gap = values - usual
    early = gap[scene.before & np.isfinite(gap)]
    late_at = scene.after & np.isfinite(gap) & (True if where is None else where)
    late = gap[late_at]
    if len(early) < 2 * LEAST_STEPS or len(late) < 3:
        return float("nan"), float("nan"), float("nan")
    newest = late_at & (np.cumsum(late_at) > late_at.sum() // 2)
    level = float(np.median(gap[newest]))
    spread_ = 1.4826 * float(np.median(np.abs(early - np.median(early))))
    wide = float(np.quantile(np.abs(early), 0.9))
    middle = float(np.median(np.abs(usual[scene.before & np.isfinite(usual)])))
    scale = max(spread_, 0.5 * wide, 0.005 * middle, 1e-9)
    return level / scale, float(np.median(values[newest])), float(np.median(usual[newest]))


def _moved(scene: Scene) -> Iterator[Clue]:
    """Other signals of the machine, and of the machines that feed it, that left their usual values."""
    telling = scene.telling
    # Where the finding is about a rest of several meters, or a wear signal, the telling signal speaks too.
    judged = (
        scene.word == "drift" or scene.plant.balance(scene.finding.cause.split(":")[0]) is not None
    )
    rose: list[str] = []
    looked = 0
    strongest: dict[str, Clue] = {}
    for signal in _beside(scene):
        if not scene.has(signal) or (signal is telling and not judged):
            continue
        sigmas, now, usual = shift_of(scene, scene.values(signal))
        if not np.isfinite(sigmas):
            continue
        looked += 1
        sure = soft(abs(sigmas), 3.0, 0.5)
        if sure > 0.5 and signal is not telling:
            rose.append(local(signal))
        for clue in _directions(scene, signal, sigmas, now, usual):
            known = strongest.get(clue.name)
            if known is None or clue.sure > known.sure:
                strongest[clue.name] = clue
    yield from (strongest[name] for name in sorted(strongest))
    if looked >= 2:
        sure = 0.92 if not rose else 0.06
        text = (
            f"None of {looked} other signals beside it left its usual values"
            if not rose
            else f"{len(rose)} of {looked} other signals beside it left their usual values"
        )
        yield Clue("nothing_else_moved", sure, text, "", float(len(rose)), 0.0, "")


def _beside(scene: Scene) -> Iterator[Signal]:
    """The machine's own signals; for a balance those of the machines that feed it."""
    own = scene.plant.signals_of(scene.finding.element)
    places = [scene.finding.element]
    node = scene.plant.balance(scene.finding.cause.split(":")[0])
    if node is not None:
        places += [s.element for s, sign in spread(scene.plant, node.id) if sign > 0]
    skip = (
        {s.id for s in own if s.means in METERS}
        if scene.word in ("power", "idle", "drift")
        else set()
    )
    for place in dict.fromkeys(places):
        for signal in scene.plant.signals_of(place):
            if (
                signal.means in NO_PROCESS
                or signal.form in {"setpoint", "state"}
                or signal.id in skip
            ):
                continue
            yield signal


def _directions(
    scene: Scene, signal: Signal, sigmas: float, now: float, usual: float
) -> Iterator[Clue]:
    """`up:` and `down:` of a signal, where the table knows its name or what it means."""
    kind = scene.plant.element(scene.finding.element).kind
    unit = f"{signal.unit}/h" if signal.form in {"counter", "interval"} else signal.unit
    name = called(scene.plant, signal)
    for word, sign in (("up", 1.0), ("down", -1.0)):
        sure = soft(sign * sigmas, 3.0, 0.5)
        moved = "rose" if sign > 0 else "fell"
        text = (
            f"{name} {moved} from {three(usual, unit)} to {three(now, unit)}"
            if sure > 0.5
            else f"{name} is {three(now, unit)}, usual {three(usual, unit)}"
        )
        for key in (local(signal), signal.means):
            if seen_when(f"{word}:{key}", kind, scene.word):
                yield Clue(f"{word}:{key}", sure, text, signal.id, now, usual, unit)
                break


def _set_points(scene: Scene) -> Iterator[Clue]:
    """Whether a set-point of the machine, or of what feeds it, was moved about when it began."""
    found: list[tuple[float, Clue]] = []
    looked = 0
    for column in scene.window.signals:
        signal = scene.plant.signals[column]
        if signal.form != "setpoint":
            continue
        values = scene.values(signal)
        before = values[scene.before & np.isfinite(values)]
        near = (scene.window.at >= scene.onset - 3 * HOUR) & (scene.window.at <= scene.onset + HOUR)
        late = values[scene.after & np.isfinite(values)]
        if len(before) < LEAST_STEPS or not len(late):
            continue
        looked += 1
        was, now = float(np.median(before)), float(np.median(late))
        low, high = np.quantile(before, [0.01, 0.99])
        step = 0.002 * max(abs(was), 1.0)
        is_new = now > high + step or now < low - step
        here = values[near & np.isfinite(values)]
        is_near = bool(len(here)) and float(np.ptp(here)) > step
        if is_new:
            unit = signal.unit
            text = f"{called(scene.plant, signal)} stands at {three(now, unit)}, before at {three(was, unit)}"
            sure = 0.95 if is_near else 0.75
            found.append(
                (
                    abs(now - was),
                    Clue("set_point_moved", sure, text, signal.id, now, was, signal.unit),
                )
            )
    if found:
        yield max(found, key=lambda f: f[0])[1]
    elif looked:
        text = (
            f"None of {looked} set-points near it was moved"
            if looked > 1
            else "Its set-point was not moved"
        )
        yield Clue("set_point_moved", 0.03, text)


def _meter_above(scene: Scene) -> Iterator[Clue]:
    """Whether what a balance takes in rose with the excess, or its rest took the excess up with the other sign."""
    size = scene.mean_gap(scene.after)
    telling = scene.telling
    if (
        telling is None
        or not np.isfinite(size)
        or scene.plant.balance(scene.finding.cause.split(":")[0])
    ):
        return
    for node in scene.plant.balances:
        parts = spread(scene.plant, node.id)
        mine = [
            s
            for s, sign in parts
            if sign < 0 and s.element == telling.element and s.carrier == telling.carrier
        ]
        if not mine or not all(scene.has(s) for s, _ in parts):
            continue
        rest = np.zeros(scene.window.steps)
        for signal, sign in parts:
            rest = rest + sign * scene.values(signal)
        usual = scene.usual_of(rest)
        gap = rest - usual
        early, late = gap[scene.before & np.isfinite(gap)], gap[scene.after & np.isfinite(gap)]
        if len(early) < 2 * LEAST_STEPS or len(late) < LEAST_STEPS:
            continue
        fell = -float(np.mean(late))
        noise = float(np.std(early)) * (6.0 / len(late)) ** 0.5 + 1e-9
        if abs(size) < 2.0 * noise:
            continue  # too small for this balance to tell
        sure = soft(fell / size, 0.5, 0.08)
        unit = scene.course[2]
        text = (
            f"The meter above it does not show it: what is left of {node.name} fell by {three(fell, unit)}"
            if sure > 0.5
            else f"The meter above it shows it too: what is left of {node.name} stayed as it was "
            f"({three(float(np.mean(rest[scene.after & np.isfinite(rest)])), unit)})"
        )
        yield Clue("meter_above_disagrees", sure, text, mine[0].id, fell, size, unit)
        return


def _index_against_power(scene: Scene) -> Iterator[Clue]:
    """Whether a machine's energy index and its power still tell the same."""
    element = scene.finding.element
    power, index = (
        scene.plant.find(element, n) for n in ("electricity_power", "electricity_energy")
    )
    if power is None or index is None or not (scene.has(power) and scene.has(index)):
        return
    by_power, by_index = scene.values(power), scene.values(index)
    ratios = []
    for where in (scene.before, scene.after):
        both = where & np.isfinite(by_power) & np.isfinite(by_index)
        if both.sum() < LEAST_STEPS or by_power[both].sum() <= 0:
            return
        ratios.append(float(by_index[both].sum() / by_power[both].sum()))
    was, now = ratios
    sure = soft(abs(now - was) / max(abs(was), 0.05), 0.06, 0.012)
    text = (
        f"Its energy index gave {share(now)} of what its power adds up to, before {share(was)}"
        if sure > 0.5
        else f"Its energy index and its power tell the same ({share(now)}, before {share(was)})"
    )
    yield Clue("index_disagrees", sure, text, index.id, 100 * now, 100 * was, "%")


def _kin(scene: Scene) -> Iterator[Clue]:
    """Whether other machines of its kind left their usual values at the same time."""
    own = scene.plant.element(scene.finding.element)
    telling = scene.telling
    if not own.kind or telling is None:
        return
    kin = [e for e in scene.plant.machines if e.kind == own.kind and e.id != own.id][: 3 * ALIKE]
    size = shift_of(scene, scene.seen)[0] if not scene.is_power else _power_shift(scene, own.id)
    moved: list[str] = []
    asked = 0
    for other in kin:
        if scene.is_power:
            sigmas = _power_shift(scene, other.id)
        else:
            alike = scene.plant.find(other.id, telling.means)
            if alike is None or not scene.has(alike):
                continue
            sigmas = shift_of(scene, scene.values(alike))[0]
        if np.isfinite(sigmas):
            asked += 1
            if sigmas * np.sign(size or 1.0) > max(2.5, 0.3 * abs(size)):
                moved.append(other.name)
    if asked:
        sure = soft(len(moved) / asked, 0.45, 0.1)
        text = (
            f"{' and '.join(moved[:3])} moved in the same way since {instant(scene.onset):%d %b}"
            if moved
            else f"{'The other machine' if asked == 1 else f'None of {asked} other machines'} of its kind "
            f"{'did not move' if asked == 1 else 'moved'} with it"
        )
        yield Clue("kin_moved", sure, text, "", float(len(moved)), float(asked), "")


def _power_shift(scene: Scene, element: str) -> float:
    """How far a machine's power is above its expectation since the onset, in its scatter of before."""
    if element not in scene.power:
        return float("nan")
    actual, expected = scene.power[element]
    gap = actual - expected
    early, late = gap[scene.before & np.isfinite(gap)], gap[scene.after & np.isfinite(gap)]
    if len(early) < 2 * LEAST_STEPS or len(late) < 3:
        return float("nan")
    scale = max(
        1.4826 * float(np.median(np.abs(early - np.median(early)))),
        0.01 * float(np.mean(np.abs(expected[np.isfinite(expected)]))),
        1e-9,
    )
    return (float(np.mean(late)) - float(np.mean(early))) / scale
