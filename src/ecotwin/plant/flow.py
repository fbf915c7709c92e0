"""Balances: what flows into a node is what flows out plus an unmetered rest that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from ecotwin.plant.model import Balance, Plant


@dataclass(frozen=True, slots=True)
class BalanceResult:
    """One node of the flow graph with amounts; all in the carrier's canonical unit.

    Attributes:
        id, name, carrier, element: Of the balance. unit: Of the amounts.
        inputs, outputs: Name (signal or balance) -> amount; what was not handed in is left out.
        input_sum, output_sum: Their sums. rest: Inputs less outputs. rest_name: What it is called.
        tolerance: Half of the 95 % interval of the rest, from the meters' accuracies.
        closes: The outputs do not exceed the inputs by more than the meters' error; None while an
            amount is missing.
        missing: Signals whose amount was not handed in.
    """

    id: str
    name: str
    carrier: str
    element: str
    unit: str
    inputs: Mapping[str, float]
    outputs: Mapping[str, float]
    input_sum: float
    output_sum: float
    rest: float
    rest_name: str
    tolerance: float
    closes: bool | None
    missing: tuple[str, ...]

    @property
    def rest_share(self) -> float | None:
        """The rest as a share of the inputs; None when nothing flowed in."""
        return self.rest / self.input_sum if self.input_sum else None


def balance(plant: Plant, amounts: Mapping[str, float]) -> tuple[BalanceResult, ...]:
    """Every balance of a plant, in file order.

    A balance among the outputs takes the whole of its inputs; a balance among the inputs hands on
    its rest. Amounts may be energies, volumes or masses of any one period, or powers and flows of
    one instant, as long as one kind is used throughout.

    Args:
        plant: The plant.
        amounts: Signal id -> amount [canonical unit]; a signal that is not in it counts as missing,
            never as zero.
    """
    return tuple(_result(plant, node, amounts) for node in plant.balances)


def _result(plant: Plant, node: Balance, amounts: Mapping[str, float]) -> BalanceResult:
    inputs: dict[str, float] = {}
    outputs: dict[str, float] = {}
    missing: dict[str, None] = {}
    weights: dict[str, float] = {}
    for names, sums, sign in ((node.inputs, inputs, 1.0), (node.outputs, outputs, -1.0)):
        for name in names:
            parts = _leaves(plant, name, sign > 0)
            gone = [leaf for leaf in parts if leaf not in amounts]
            missing.update(dict.fromkeys(gone))
            if len(gone) < len(parts):
                sums[name] = sum(w * amounts[leaf] for leaf, w in parts.items() if leaf in amounts)
            for leaf, weight in parts.items():
                weights[leaf] = weights.get(leaf, 0.0) + sign * weight
    input_sum, output_sum = sum(inputs.values()), sum(outputs.values())
    errors = (w * amounts[s] * plant.signal(s).accuracy for s, w in weights.items() if s in amounts)
    tolerance = sqrt(sum(e * e for e in errors))
    rest = input_sum - output_sum
    slack = 1e-9 * max(abs(input_sum), abs(output_sum), 1e-12)
    return BalanceResult(
        node.id, node.name, node.carrier, node.element, _unit(plant, node), inputs, outputs,
        input_sum, output_sum, rest, node.rest, tolerance,
        None if missing else rest >= -tolerance - slack, tuple(missing),
    )  # fmt: skip


def _leaves(plant: Plant, name: str, as_input: bool) -> dict[str, float]:
    """Signal -> weight in an input or output; a balance's rest is inputs less outputs."""
    node = plant.balance(name)
    if node is None:
        return {name: 1.0}
    found: dict[str, float] = {}
    for inner in node.inputs:
        for leaf, weight in _leaves(plant, inner, True).items():
            found[leaf] = found.get(leaf, 0.0) + weight
    if as_input:
        for inner in node.outputs:
            for leaf, weight in _leaves(plant, inner, False).items():
                found[leaf] = found.get(leaf, 0.0) - weight
    return found


def _unit(plant: Plant, node: Balance) -> str:
    """The unit of a balance's amounts: of its first meter, or of its first flow times hours."""
    for name in (*node.inputs, *node.outputs):
        leaf = next(iter(_leaves(plant, name, False)))
        signal = plant.signal(leaf)
        if signal.form == "rate":
            return {"kW": "kWh"}.get(signal.unit, signal.unit.removesuffix("/h"))
        return signal.unit
    return ""
