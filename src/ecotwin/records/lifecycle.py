"""Processes of a life cycle, as a database, a file or the plant itself tells them."""

from __future__ import annotations

from dataclasses import dataclass

SCORES = ("reliability", "completeness", "temporal", "geographical", "technological")
"""What the five scores of a pedigree are about, in the order of ecoSpold and of every `pedigree` here."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How an amount may lie.

    Attributes:
        kind: `lognormal` (the amount is its median), `normal` (its mean), `uniform` or `triangular`.
        deviation: Lognormal: standard deviation of the logarithm, without what the pedigree adds;
            normal: standard deviation [unit of the amount].
        low, high: Ends of a uniform or triangular one [unit of the amount]. mode: Of a triangular one; None: the
            amount. whole: What the pedigree adds is already in it.
    """

    kind: str
    deviation: float = 0.0
    low: float = 0.0
    high: float = 0.0
    mode: float | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a process takes from or gives to another one, or nature.

    Attributes:
        flow: Of the technosphere: id of the process that delivers (or treats); of nature: id of the flow.
        amount: [unit]. Inputs are positive; a waste handed to its treatment is a negative input.
        name: For people. spread: None: known exactly.
        pedigree: Scores 1 (best) to 5 in the order of `SCORES`; 0: not told; empty: none told.
    """

    flow: str
    amount: float
    unit: str
    name: str = ""
    spread: Spread | None = None
    pedigree: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow between a process and nature. `compartment`: `air/urban`, `natural resource/in ground` ..."""

    id: str
    name: str
    unit: str
    compartment: str = ""
    formula: str = ""
    cas: str = ""


@dataclass(frozen=True, slots=True)
class Process:
    """A process with its one reference product.

    Attributes:
        product: What it makes, or treats. amount: Of it, per run of the process [unit]; negative for the
            treatment of a waste.
        place: Where. source: Who published it.
        inputs: From other processes. nature: Emissions and resources, both positive.
        pedigree: Of its emissions as a whole, where the exchanges tell none.
        primary: Share of its own emissions that rests on primary data (metered by the one who makes it, or told by
            the supplier for this very product), 0..1.
        stage: `A1` ... `D` of EN 15804, or empty.
    """

    id: str
    name: str
    product: str
    unit: str
    amount: float = 1.0
    place: str = ""
    inputs: tuple[Exchange, ...] = ()
    nature: tuple[Exchange, ...] = ()
    source: str = ""
    first_year: int = 0
    last_year: int = 0
    pedigree: tuple[int, ...] = ()
    primary: float = 0.0
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Database:
    """Processes and the flows they exchange with nature. `notes`: what a reader must know, each a sentence."""

    name: str
    processes: tuple[Process, ...]
    flows: tuple[Flow, ...]
    source: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Weight:
    """How much one unit of a flow weighs in a method.

    Attributes:
        flow: Its id, or empty: then every flow of this name (and compartment, or one below it, if told).
        unit: Of the flow. place: Where it holds; empty: everywhere no other one does.
    """

    value: float
    unit: str
    flow: str = ""
    name: str = ""
    compartment: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class WeightTable:
    """A method of impact assessment as data. `gwp_set`: where it weighs greenhouse gases by one."""

    name: str
    unit: str
    weights: tuple[Weight, ...]
    source: str
    gwp_set: str = ""
