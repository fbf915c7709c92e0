"""The energy flow: sources, mains, groups and the table in which it ends, with the excess as a thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ecotwin.plant import Balance
from ecotwin.service import words
from ecotwin.service.views import Flow, FlowEnd, FlowLink, FlowNode, Level

if TYPE_CHECKING:
    from ecotwin.cycle import Twin

ENDS = 9
"""About so many rows of users in the table; the smallest users of a group are put together."""
SMALL_GROUP = 0.06
"""A calm group below this share of the main's power is one row."""
LEAST_SHARE = 0.002
"""An excess below this share of the site's power is never marked."""
LOUD = 3
"""Users above expected that are drawn in one group; further ones are put together."""
SMALLEST_REST = 0.005
"""A rest below this share of the main's power is not drawn (it stands in the accounts)."""


@dataclass
class _Use:
    """Power of one machine: now, expected and its band."""

    element: str
    name: str
    kw: float
    expected: float
    half: float
    least: float = 1.0
    calm: bool = False
    """Several users put together of which none stands out: their sum is not marked either."""

    @property
    def above(self) -> float:
        return self.kw - self.expected

    @property
    def level(self) -> Level:
        if not np.isfinite(self.expected):
            return "none"
        if self.calm:
            return "ok"
        # With dozens of users some always stand outside a 95 % band; the picture marks what is clearly outside.
        edge = max(1.5 * self.half, 0.05 * self.expected, self.least)
        if self.above <= edge:
            return "ok"
        return "act" if self.above > 2 * edge else "watch"


def flow(twin: Twin, area: str = "") -> Flow:
    """The flow of electricity now, by the plant's flow graph; of one area when asked."""
    uses = _uses(twin)
    mains = [b for b in twin.plant.balances if b.carrier == "electricity"]
    fed = {o for b in mains for o in b.outputs}
    top = [b for b in mains if b.id not in fed and not _inlet_fed(mains, b)]
    picture = _Picture(twin, uses, mains, area)
    for balance in top:
        picture.main(balance)
    if not top:
        picture.flat()
    picture.gas()
    return Flow(
        title=_title(list(uses.values()))
        if _is_known(uses)
        else "Where the power goes is not known now",
        nodes=picture.nodes,
        links=picture.links,
        ends=picture.ends,
    )


def _is_known(uses: dict[str, _Use]) -> bool:
    """Whether any user's power is known now."""
    return any(np.isfinite(u.kw) for u in uses.values())


def _inlet_fed(mains: list[Balance], balance: Balance) -> bool:
    outputs = {o for b in mains for o in b.outputs}
    return all(i in outputs for i in balance.inputs)


def _uses(twin: Twin) -> dict[str, _Use]:
    """Power now and expected of every user of electricity: mean of the last five minutes."""
    trail = twin.trail
    made: dict[str, _Use] = {}
    used = trail.site_kw("used")[-5:]
    least = max(0.5, LEAST_SHARE * float(np.nanmean(used))) if np.isfinite(used).any() else 1.0
    rows = slice(-5, None)
    for column, element in enumerate(trail.users):
        actual = trail.users_kw("actual")[rows, column]
        mean = trail.users_kw("mean")[rows, column]
        sd = trail.users_kw("sd")[rows, column]
        now = float(np.nanmean(actual)) if np.isfinite(actual).any() else twin.power_now(element)
        expected = float(np.nanmean(mean)) if np.isfinite(mean).any() else float("nan")
        half = 1.96 * float(np.nanmean(sd)) if np.isfinite(sd).any() else float("nan")
        made[element] = _Use(element, twin.plant.element(element).name, now, expected, half, least)
    return made


class _Picture:
    """Collects blocks, bands and table rows."""

    def __init__(self, twin: Twin, uses: dict[str, _Use], mains: list[Balance], area: str) -> None:
        self.twin = twin
        self.uses = uses
        self.mains = mains
        self.inside = {e.id for e in twin.plant.under(area)} if area else None
        self.total_kw = 0.0
        self.means = twin.meter_means()
        self.nodes: list[FlowNode] = []
        self.links: list[FlowLink] = []
        self.ends: list[FlowEnd] = []

    def main(self, balance: Balance) -> None:
        """A main: its sources on the left, its groups and direct users on the right."""
        sources = [(i, self._power(i)) for i in balance.inputs]
        total = self.total_kw = sum(kw for _, kw in sources)
        level = _worst([u.level for u in self._below(balance)])
        excess = sum(max(0.0, u.above) for u in self._below(balance) if u.level in {"watch", "act"})
        self._node(balance.id, balance.name, 1, total, balance.element)
        for source, kw in sources:
            element = self.twin.plant.signal(source).element
            self._node(source, self.twin.plant.element(element).name, 0, kw, element)
            share = excess if source == max(sources, key=lambda s: s[1])[0] else 0.0
            self._link(source, balance.id, kw, share, level)
        known = 0.0
        for group, members in self._groups(balance):
            known += self._group(balance, group, members)
        self._rest(balance, balance.id, total - known)

    def flat(self) -> None:
        """Without a flow graph: every user stands alone."""
        self._node(
            "electricity",
            "Electricity",
            1,
            sum(u.kw for u in self.uses.values()),
            self.twin.plant.site.id,
        )
        for use in self.uses.values():
            self._leaf(use, "electricity")

    def gas(self) -> None:
        """Gas as a strip of its own: the meter, and who burns it."""
        for balance in (b for b in self.twin.plant.balances if b.carrier == "gas"):
            signal = next((i for i in balance.inputs if self.twin.plant.has_signal(i)), "")
            kw = self.twin.gas_kw(signal) if signal else None
            if kw is None or self.inside is not None:
                continue
            name = f"{balance.id}:in"
            users = [
                self.twin.plant.signal(o).element
                for o in balance.outputs
                if self.twin.plant.has_signal(o)
            ]
            self._node(name, balance.name, 0, kw, self.twin.plant.signal(signal).element, "gas")
            for element in users[:1]:
                block = f"{balance.id}:{element}"
                title = self.twin.plant.element(element).name
                self._node(block, title, 2, kw, element, "gas")
                self._link(name, block, kw, 0.0, "ok", "gas")
                self._node(f"{block}:end", f"{title}, gas", 3, kw, element, "heat")
                self._link(block, f"{block}:end", kw, 0.0, "ok", "heat")
                self.ends.append(
                    FlowEnd(node=f"{block}:end", name=f"{title}, gas", element=element, kw=_r(kw),
                            expected_kw=None, above_kw=None, level="none")
                )  # fmt: skip

    def _groups(self, balance: Balance) -> list[tuple[Balance | None, list[_Use]]]:
        """Further balances that it feeds, and the users it feeds directly, by area."""
        found: list[tuple[Balance | None, list[_Use]]] = []
        direct: dict[str, list[_Use]] = {}
        for output in balance.outputs:
            child = self._child(output)
            if child is not None:
                found.append((child, self._below(child)))
            elif self.twin.plant.has_signal(output):
                element = self.twin.plant.signal(output).element
                if element in self.uses:
                    parent = self.twin.plant.element(element).parent
                    direct.setdefault(parent, []).append(self.uses[element])
        return found + [(None, users) for users in direct.values()]

    def _group(self, main: Balance, group: Balance | None, users: list[_Use]) -> float:
        """One block of column 2 with its leaves; returns the power that it takes from the main."""
        users = [u for u in users if self.inside is None or u.element in self.inside]
        if not users:
            return 0.0
        parent = self.twin.plant.element(users[0].element).parent
        block = group.id if group else f"group:{parent}"
        name = group.name if group else self.twin.plant.element(parent).name
        element = group.element if group else parent
        total = sum(self._power(i) for i in group.inputs) if group else float("nan")
        if not np.isfinite(total):
            total = sum(u.kw for u in users if np.isfinite(u.kw))
        if self._is_small(group, users, total):
            whole = _together(users, element, name)
            self._leaf(whole, main.id)
            return total
        excess = sum(max(0.0, u.above) for u in users if u.level in {"watch", "act"})
        level = _worst([u.level for u in users])
        self._node(block, name, 2, total, element)
        self._link(main.id, block, total, excess, level)
        room = max(1, round(ENDS * len(users) / max(1, len(self.uses))))
        loud = sorted((u for u in users if u.level in {"watch", "act"}), key=lambda u: -u.above)[
            :LOUD
        ]
        calm = sorted((u for u in users if u not in loud), key=lambda u: -u.kw)
        spare = 1 if len(users) > len(loud) + room else 0
        shown = loud + calm[: max(1, room - len(loud) - spare)]
        if len(users) - len(shown) == 1:
            shown = users
        for use in (u for u in users if u in shown):
            self._leaf(use, block)
        hidden = [u for u in users if u not in shown]
        if hidden:
            title = f"{len(hidden)} more in {name}" if len(hidden) > 1 else hidden[0].name
            self._leaf(_together(hidden, element, title), block)
        if group:
            self._rest(group, block, total - sum(u.kw for u in users))
        return total

    def _is_small(self, group: Balance | None, users: list[_Use], total: float) -> bool:
        """A small calm group of the main: one row says enough of it."""
        calm = all(u.level in {"ok", "none"} for u in users)
        few = total < SMALL_GROUP * self.total_kw
        return group is None and calm and few and self.inside is None and len(users) > 1

    def _leaf(self, use: _Use, block: str) -> None:
        node = f"{block}>{use.element}:{use.name}"
        self._node(node, use.name, 3, use.kw, use.element)
        excess = max(0.0, use.above) if use.level in {"watch", "act"} else 0.0
        self._link(block, node, use.kw, excess, use.level)
        known = np.isfinite(use.expected)
        self.ends.append(
            FlowEnd(
                node=node,
                name=use.name,
                element=use.element,
                kw=_r(use.kw),
                expected_kw=_r(use.expected) if known else None,
                above_kw=_r(use.above) if known else None,
                level=use.level,
            )
        )

    def _rest(self, balance: Balance, block: str, kw: float) -> None:
        """The unmetered rest, shown and never hidden."""
        if (
            self.inside is not None
            or not np.isfinite(kw)
            or abs(kw) < SMALLEST_REST * self.total_kw
        ):
            return
        node = f"{balance.id}:rest"
        self._node(node, balance.rest, 3, kw, "", rest=True)
        self._link(block, node, max(kw, 0.0), 0.0, "none")
        self.ends.append(
            FlowEnd(node=node, name=balance.rest, element="", kw=_r(kw), expected_kw=None,
                    above_kw=None, level="none", rest=True)
        )  # fmt: skip

    def _child(self, output: str) -> Balance | None:
        """The balance that an output feeds: named itself, or by the meter that is its only inlet."""
        named = self.twin.plant.balance(output)
        if named is not None:
            return named if named.carrier == "electricity" else None
        return next((b for b in self.mains if b.inputs == (output,)), None)

    def _below(self, balance: Balance) -> list[_Use]:
        found: list[_Use] = []
        for output in balance.outputs:
            child = self._child(output)
            if child is not None:
                found += self._below(child)
            elif self.twin.plant.has_signal(output):
                element = self.twin.plant.signal(output).element
                if element in self.uses:
                    found.append(self.uses[element])
        return found

    def _power(self, signal: str) -> float:
        """Power through a meter now [kW]."""
        if not self.twin.plant.has_signal(signal):
            child = self.twin.plant.balance(signal)
            return sum(self._power(i) for i in child.inputs) if child else 0.0
        return self.means.get(signal, float("nan"))

    def _node(
        self,
        id: str,  # noqa: A002
        name: str,
        column: int,
        kw: float,
        element: str,
        carrier: str = "electricity",
        rest: bool = False,
    ) -> None:
        self.nodes.append(
            FlowNode(
                id=id,
                name=name,
                column=column,
                carrier=carrier,
                kw=_r(kw) or 0.0,
                element=element,
                rest=rest,
            )
        )

    def _link(
        self,
        source: str,
        target: str,
        kw: float,
        excess: float,
        level: Level,
        carrier: str = "electricity",
    ) -> None:
        self.links.append(
            FlowLink(source=source, target=target, carrier=carrier, kw=_r(max(kw, 0.0)) or 0.0,
                     excess_kw=_r(excess) or 0.0, level=level)
        )  # fmt: skip


def _together(users: list[_Use], element: str, name: str) -> _Use:
    """Several users as one; those without a value now are left out of the sums."""
    known = [u for u in users if np.isfinite(u.kw)]
    nan = float("nan")
    return _Use(
        element,
        name,
        sum(u.kw for u in known) if known else nan,
        sum(u.expected for u in known) if known else nan,
        float(np.sqrt(sum(u.half**2 for u in known))) if known else nan,
        calm=all(u.level in {"ok", "none"} for u in users),
    )


def _worst(levels: list[Level]) -> Level:
    for level in ("act", "watch"):
        if level in levels:
            return level
    return "ok"


def _r(value: float) -> float | None:
    return float(f"{value:.5g}") if np.isfinite(value) else None


def _title(uses: list[_Use]) -> str:
    loud = sorted((u for u in uses if u.level in {"watch", "act"}), key=lambda u: -u.above)
    known = [u for u in uses if np.isfinite(u.expected)]
    if not known:
        return "Where the power goes; what is expected is still being learned"
    if not loud:
        return "Power goes where it is expected to go"
    total = sum(u.above for u in known)
    first = sum(u.above for u in loud)
    one = len(loud) == 1
    count = {1: "One place", 2: "Two places", 3: "Three places"}.get(
        len(loud), f"{len(loud)} places"
    )
    if first >= total:  # others draw less than expected: it is no part of a larger excess
        return f"{count} {'draws' if one else 'draw'} {words.digits(first)} kW more than expected"
    verb = "makes" if one else "make"
    return f"{count} {verb} {words.digits(first)} of the {words.digits(total)} kW excess"
