"""Waste register: by code, hazard and treatment, both diversion rates, and every consignment that was booked.

Nothing of `Dossier.extra` is read. Figures are those of the accounts, whose method says whether booked loads are in
them; consignments are the bookings of kind `waste`, as they were booked. Nothing is added to anything here.

Sources: Decision 2000/532/EC (codes; `*`: hazardous), Directive 2008/98/EC Annexes I and II (D and R codes), ESRS E5-5
and GRI 306 (burning is disposal), zero-waste schemes (recovery of energy counts as diverted).
"""

from __future__ import annotations

from collections import defaultdict

from ecotwin.records import Booking, Cell, Datapoint, Report, Section, Table
from ecotwin.reports import pieces
from ecotwin.reports.contract import Dossier

_TREATMENTS = {
    "R1": "used as fuel", "R2": "solvents regained", "R3": "organic substances recycled", "R4": "metals recycled",
    "R5": "inorganic materials recycled", "R6": "acids or bases regenerated", "R7": "parts of filters regained",
    "R8": "parts of catalysts regained", "R9": "oil refined again", "R10": "spread on land with benefit",
    "R11": "residues of R1 to R10 used", "R12": "exchanged for R1 to R11", "R13": "stored for R1 to R12",
    "D1": "landfill", "D2": "treated on land", "D3": "deep injection", "D4": "surface impoundment",
    "D5": "engineered landfill", "D6": "released into water", "D7": "released into seas", "D8": "treated biologically",
    "D9": "treated physically or chemically", "D10": "burnt on land", "D11": "burnt at sea", "D12": "stored for good",
    "D13": "blended before D1 to D12", "D14": "repacked before D1 to D13", "D15": "stored before D1 to D14",
}  # fmt: skip


class WasteRegister:
    """The register of an element."""

    name = "waste_register"
    title = "Waste register"
    standard = (
        "Decision 2000/532/EC and Directive 2008/98/EC; diversion by ESRS E5-5 and GRI 306:2020"
    )

    def write(self, dossier: Dossier) -> Report:
        """The report."""
        loads = tuple(b for b in dossier.bookings if b.kind == "waste")
        bad = tuple(b for b in loads if not _sound(b))
        refused = tuple(
            f"consignment {b.id}: mass {b.facts.get('mass_kg')!r} kg is refused; correct the row"
            for b in bad
        )
        good = tuple(b for b in loads if _sound(b))
        sections = (
            _overview(dossier),
            _by_code(dossier),
            _by_treatment(dossier),
            _consignments(dossier, good),
        )
        months = pieces.months_table(dossier, ("waste.total", "waste.hazardous", "waste.diverted"))
        register = [
            {
                "id": b.id,
                "from": str(b.period),
                "element": b.element,
                "source": b.source,
                **dict(b.facts),
            }
            for b in loads
        ]
        return pieces.whole(
            dossier,
            self,
            (*sections, Section("Months", tables=(months,))),
            gaps=refused,
            data={"register": register},
        )


def _sound(booking: Booking) -> bool:
    mass = booking.facts.get("mass_kg")
    return (
        isinstance(mass, int | float) and not isinstance(mass, bool) and 0.0 <= mass < float("inf")
    )


def _overview(dossier: Dossier) -> Section:
    asked = (
        ("E5-5_07", "waste.total", "Waste"),
        ("E5-5_15", "waste.hazardous", "Hazardous waste"),
        ("E5-5_08", "waste.diverted", "Diverted from disposal"),
        ("E5-5_09", "waste.disposed", "Directed to disposal"),
        ("E5-5_10", "waste.non_recycled", "Not recycled"),
    )
    points = [pieces.point(dossier, place, indicator, name) for place, indicator, name in asked]
    by_esrs = "Diverted by ESRS and GRI: burning is disposal"
    by_schemes = "Recovered as zero-waste schemes count: energy recovery too"
    points.append(_rate(dossier, "waste.diversion_rate", by_esrs))
    points.append(_rate(dossier, "waste.diversion_rate_zero_waste", by_schemes))
    return Section("Overview", (), tuple(points))


def _rate(dossier: Dossier, indicator: str, name: str) -> Datapoint:
    return pieces.point(dossier, "", indicator, name, unit="%")


def _by_code(dossier: Dossier) -> Section:
    """Codes with hazard and share, of `waste.by_code` where it is made, else of the total."""
    figure = next(
        (f for f in pieces.present(dossier, ("waste.by_code", "waste.total")) if f.split), None
    )
    columns = pieces.heads("code", "hazardous", "mass#kg", "share#share")
    if figure is None:
        why = pieces.reason(dossier, "waste.total")
        return Section("By code", tables=(Table("Codes of the European list", columns, (), why),))
    total = float(sum(figure.split.values()))
    rows: list[tuple[Cell, ...]] = [
        (code, code.rstrip().endswith("*"), float(kg), kg / total if total else None)
        for code, kg in sorted(figure.split.items())
    ]
    rows.append(("Sum", "", total, 1.0 if total else None))
    note = f"From {figure.indicator}; {figure.coverage:.1%} measured.".replace("%", " %")
    return Section(
        "By code",
        tables=(Table("Codes of the European list", columns, tuple(rows), note, total=True),),
    )


def _by_treatment(dossier: Dossier) -> Section:
    figure = dossier.figure("waste.by_treatment")
    columns = pieces.heads(
        "treatment", "what is done", "ESRS and GRI", "zero-waste schemes", "mass#kg", "share#share"
    )
    if figure is None:
        why = pieces.reason(dossier, "waste.by_treatment")
        return Section("By treatment", tables=(Table("Codes R and D", columns, (), why),))
    total = float(sum(figure.split.values()))
    rows: list[tuple[Cell, ...]] = []
    for code, kg in sorted(figure.split.items(), key=lambda pair: _order(pair[0])):
        recovered = code.startswith("R")
        diverted = recovered and code != "R1"
        rows.append(
            (
                code,
                _TREATMENTS.get(code, "not in the lists of the directive"),
                "diverted" if diverted else "disposal",
                "diverted" if recovered else "disposal",
                float(kg),
                kg / total if total else None,
            )
        )
    rows.append(("Sum", "", "", "", total, 1.0 if total else None))
    return Section(
        "By treatment", tables=(Table("Codes R and D", columns, tuple(rows), total=True),)
    )


def _order(code: str) -> tuple[bool, int, str]:
    digits = code[1:]
    return (not code.startswith("R"), int(digits) if digits.isdigit() else 99, code)


def _consignments(dossier: Dossier, loads: tuple[Booking, ...]) -> Section:
    zone = dossier.plant.zone
    ordered = sorted(loads, key=lambda b: (b.period.start, b.id))
    rows: list[tuple[Cell, ...]] = [
        (
            b.id,
            f"{b.period.start.astimezone(zone):%Y-%m-%d}",
            b.text("waste_code") or None,
            b.text("treatment") or None,
            b.text("carrier") or None,
            b.source or None,
            b.number("mass_kg"),
        )
        for b in ordered
    ]
    sums: dict[str, float] = defaultdict(float)
    for b in ordered:
        sums[b.text("waste_code") or "no code given"] += b.number("mass_kg")
    if rows:
        rows.append(("Sum", "", "", "", "", "", float(sum(sums.values()))))
    columns = pieces.heads(
        "consignment", "day", "code", "treatment", "taken by", "document", "mass#kg"
    )
    note = (
        "Whole consignments that touch the period, as booked."
        if rows
        else "No consignment is on the books."
    )
    tables = [Table("Consignments", columns, tuple(rows), note, total=bool(rows))]
    if sums:
        codes: list[tuple[Cell, ...]] = [
            (code, code.endswith("*"), kg) for code, kg in sorted(sums.items())
        ]
        codes.append(("Sum", "", float(sum(sums.values()))))
        heads = pieces.heads("code", "hazardous", "mass#kg")
        tables.append(Table("Consignments by code", heads, tuple(codes), total=True))
    text = (
        "Listed as booked; whether a figure above counts them beside the scales, its method says."
    )
    return Section("Consignments", (text,), tables=tuple(tables))


plug = WasteRegister()
