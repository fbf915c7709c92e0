"""Greenhouse gas inventory in the order of ISO 14064-1 and the GHG Protocol.

Boundaries, scope 1 by source, scope 2 by both methods side by side, scope 3 by category, biogenic carbon apart,
uncertainty, every factor with its source and GWP set, base year and recalculations, exclusions, months. Nothing of
`Dossier.extra` is read. What the books do not tell is an exclusion with its reason, never a zero.

Sources: ISO 14064-1:2018 clauses 5 to 9 (background knowledge: check against the standard before an audit); GHG
Protocol Corporate Standard (revised), Scope 2 Guidance (2015), Corporate Value Chain Standard (2011).
"""

from __future__ import annotations

from ecotwin.records import Cell, Column, Datapoint, Measure, Report, Section, Table
from ecotwin.reports import pieces
from ecotwin.reports.contract import Dossier

_SCOPE_1 = ("ghg.scope1", "ghg.scope1_mobile", "ghg.scope1_process", "ghg.scope1_fugitive")
_SOURCES = ("Stationary combustion", "Mobile combustion", "Process emissions", "Fugitive emissions")
_SCOPE_2 = ("ghg.scope2_location", "ghg.scope2_market")
_BY_MARKET = ("ghg.scope2_market_annual", "ghg.scope2_market")
_MATCHED = ("ghg.scope2_market_annual", "ghg.scope2_market_monthly", "ghg.scope2_market_hourly")
_TOTALS = ("ghg.total_location", "ghg.total_market", "ghg.scope12_location", "ghg.scope12_market")
_CATEGORIES = (
    "Purchased goods and services", "Capital goods", "Fuel- and energy-related activities", "Upstream transport",
    "Waste generated in operations", "Business travel", "Employee commuting", "Upstream leased assets",
    "Downstream transport", "Processing of sold products", "Use of sold products", "End of life of sold products",
    "Downstream leased assets", "Franchises", "Investments",
)  # fmt: skip
_MADE = (1, 3, 4, 5, 9, 12)
_DIRECT = ("ghg.scope1_all", "ghg.scope1")
_BIOGENIC = ("ghg.biogenic_all", "ghg.biogenic")
_BY_PART = (
    ("ghg.scope1_by_part", "Scope 1 by part of the plant"),
    ("ghg.scope1_all", "All direct emissions by kind"),
)
_SUMMED = (
    "ghg.scope1_all", *_SCOPE_1, *_SCOPE_2, *_MATCHED, *(f"ghg.scope3_cat{n}" for n in _MADE), "ghg.scope3", *_TOTALS,
    "ghg.biogenic",
)  # fmt: skip

_SURE = (
    "Intervals hold the true value with 95 % confidence: meters, factors and estimates each carry their own, "
    "joined as the method of each figure says."
)
_BOUNDARY = (
    "The inventory covers the element named above and everything below it. Direct emissions are those of "
    "sources inside this boundary; indirect ones follow from the energy, goods, transport and treatment that it uses."
)


class GhgInventory:
    """The inventory of an element."""

    name = "ghg_inventory"
    title = "Greenhouse gas inventory"
    standard = (
        "ISO 14064-1:2018 in structure; GHG Protocol Corporate Standard and Scope 2 Guidance (2015)"
    )

    def write(self, dossier: Dossier) -> Report:
        """The report."""
        used = pieces.present(dossier, _SUMMED)
        sections = (
            _boundaries(dossier, used),
            _summary(dossier),
            _scope1(dossier),
            _scope2(dossier),
            _scope3(dossier),
            _apart(dossier),
            Section(
                "Uncertainty and quality of data",
                (_SURE,),
                tables=(pieces.quality_table(dossier, used, "Figures and how sure they are"),),
            ),
            Section("Emission factors", _mixing(used), tables=(pieces.factor_table(used),)),
            _base_year(dossier),
            Section(
                "Months", tables=(pieces.months_table(dossier, (*_SCOPE_1, *_SCOPE_2, *_TOTALS)),)
            ),
            _exclusions(dossier),
        )
        return pieces.whole(dossier, self, sections)


def _boundaries(dossier: Dossier, used: tuple[Measure, ...]) -> Section:
    company, plant = dossier.plant.company, dossier.plant
    lines: list[tuple[Cell, ...]] = [
        ("Reporting organisation", company.name or None),
        ("Identifiers", ", ".join(company.ids) or None),
        ("Address", company.address or None),
        ("Sector", company.sector or None),
        ("Consolidation", company.consolidation or None),
        ("Country", plant.country or None),
        ("Places inside the boundary", len(pieces.below(dossier))),
        ("GWP sets used", ", ".join(pieces.gwp_sets(used)) or None),
        ("Plant file (SHA-256)", plant.digest or None),
    ]
    parts = tuple(
        (e.name, e.level, e.kind or "", e.id) for e in plant.elements if e.id in _places(dossier)
    )
    return Section(
        "Organisation and boundaries",
        (_BOUNDARY,),
        tables=(
            Table("Who reports", pieces.heads("fact", "value"), tuple(lines)),
            Table(
                "Places inside the boundary",
                pieces.heads("name", "level", "kind", "id"),
                parts,
                "The element itself and its direct parts; machines stand in the sheet of accounts.",
            ),
        ),
    )


def _places(dossier: Dossier) -> frozenset[str]:
    here = dossier.element
    return frozenset({here, *(e.id for e in dossier.plant.elements if e.parent == here)})


def _summary(dossier: Dossier) -> Section:
    points = [
        _first(
            dossier, "Scope 1", "Direct emissions", _DIRECT, "fuels burnt in stationary plant only"
        ),
        pieces.point(dossier, "Scope 2", "ghg.scope2_location", "Bought energy, location-based"),
        _first(
            dossier,
            "Scope 2",
            "Bought energy, market-based",
            _BY_MARKET,
            "contracts of the plant file only",
        ),
        pieces.point(dossier, "Scope 3", "ghg.scope3", "Value chain, categories assessed"),
        pieces.point(dossier, "Total", "ghg.total_location", "All scopes, location-based"),
        pieces.point(dossier, "Total", "ghg.total_market", "All scopes, market-based"),
        pieces.point(dossier, "1 + 2", "ghg.scope12_location", "Scopes 1 and 2, location-based"),
        pieces.point(dossier, "1 + 2", "ghg.scope12_market", "Scopes 1 and 2, market-based"),
    ]
    if dossier.figure("ghg.intensity_revenue_location") or dossier.figure(
        "ghg.intensity_revenue_market"
    ):
        points += [
            pieces.point(dossier, "Intensity", f"ghg.intensity_revenue_{kind}") for kind in ("location", "market")
        ]  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (entry.iso14064, entry.name, float(f.value), f.unit)
        for f in pieces.present(dossier, _SUMMED)
        if (entry := dossier.indicators.get(f.indicator)) and entry.iso14064
    ]
    columns = pieces.heads("category of ISO 14064-1", "figure", "value#", "unit")
    return Section(
        "Summary",
        ("Location-based and market-based totals stand side by side; neither is added to the other.",),
        tuple(points),
        (Table("By category of ISO 14064-1", columns, tuple(rows)),),
    )  # fmt: skip


def _first(
    dossier: Dossier, place: str, name: str, indicators: tuple[str, str], part: str
) -> Datapoint:
    """The whole figure, else the part that there is, named as a part."""
    whole, lesser = indicators
    if dossier.figure(whole) is not None or dossier.figure(lesser) is None:
        return pieces.point(dossier, place, whole, name)
    return pieces.point(dossier, place, lesser, f"{name}: {part}")


def _scope1(dossier: Dossier) -> Section:
    points = tuple(
        pieces.point(dossier, "Scope 1", indicator, name)
        for indicator, name in zip(_SCOPE_1, _SOURCES, strict=True)
    )
    tables = tuple(
        pieces.split_table(dossier, f, f"{name} by source", "source")
        for indicator, name in zip(_SCOPE_1, _SOURCES, strict=True)
        if (f := dossier.figure(indicator)) and f.split
    )
    parts = tuple(
        pieces.split_table(dossier, f, title, "part")
        for i, title in _BY_PART
        if (f := dossier.figure(i)) and f.split
    )
    return Section("Scope 1 by source", (), points, (*tables, *parts))


def _scope2(dossier: Dossier) -> Section:
    both = {f.indicator: f for f in pieces.present(dossier, _SCOPE_2)}
    rows: list[tuple[Cell, ...]] = []
    for indicator, name in zip(_SCOPE_2, ("Location-based", "Market-based"), strict=True):
        f = both.get(indicator)
        cells: tuple[Cell, ...] = (
            (None,) * 4 if f is None else (float(f.value), float(f.low), float(f.high), f.method)
        )
        rows.append((name, *cells))
    columns = (
        Column("method"), Column("value", "kgCO2e", True), Column("low (95 %)", "kgCO2e", True),
        Column("high (95 %)", "kgCO2e", True), Column("how"),
    )  # fmt: skip
    side = Table("Both methods side by side", columns, tuple(rows))
    splits = tuple(
        pieces.split_table(
            dossier, f, f"{name}: by instrument", "instrument or mix",
            "Energy that no instrument covers is weighed with the residual mix.",
        )
        for indicator, name in (("ghg.scope2_market", "Market-based"),)
        if (f := both.get(indicator)) and f.split
    )  # fmt: skip
    matched = tuple(
        pieces.point(dossier, "Scope 2", i)
        for i in (*_SCOPE_2, *(m for m in _MATCHED if dossier.figure(m)))
    )
    return Section("Scope 2", (), matched, (side, *splits, _instruments(dossier)))


def _instruments(dossier: Dossier) -> Table:
    grid = dossier.plant.grid
    met = "{} of {} criteria met"
    rows: list[tuple[Cell, ...]] = [
        (c.name, "contract", float(c.factor), met.format(sum(c.criteria.values()), 8), c.source)
        for c in (grid.contracts if grid else ())
    ]
    for b in dossier.bookings:
        if b.kind == "certificate":
            flags = sum(v is True for v in b.facts.values())
            kind = b.text("contract") or "certificate"
            rows.append(
                (
                    b.id,
                    kind,
                    b.number("factor") if "factor" in b.facts else None,
                    met.format(flags, 8),
                    b.source,
                )
            )
    columns = pieces.heads("instrument", "kind", "factor#kgCO2e/kWh", "quality", "evidence")
    note = (
        "An instrument counts only when all eight quality criteria of the Scope 2 Guidance are met."
    )
    return Table("Contractual instruments on the books", columns, tuple(rows), note)


def _scope3(dossier: Dossier) -> Section:
    points = [
        pieces.point(dossier, f"Scope 3.{n}", f"ghg.scope3_cat{n}", _CATEGORIES[n - 1])
        for n in _MADE
    ]
    points.append(pieces.point(dossier, "Scope 3", "ghg.scope3", "Sum of the categories assessed"))
    tables = tuple(
        pieces.split_table(
            dossier, f, f"Scope 3.{n}, {_CATEGORIES[n - 1].lower()}: its parts", "part"
        )
        for n in _MADE
        if (f := dossier.figure(f"ghg.scope3_cat{n}")) and f.split
    )
    text = "Numbers after the point are the categories of the Corporate Value Chain Standard."
    return Section("Scope 3 by category", (text,), tuple(points), tables)


def _apart(dossier: Dossier) -> Section:
    text = (
        "Carbon dioxide of biomass stands outside the scopes; its methane and nitrous oxide stay in scope 1. Credits "
        "and removals outside the value chain are never subtracted here."
    )
    point = _first(
        dossier, "apart", "Biogenic CO2", _BIOGENIC, "of fuels burnt in stationary plant"
    )
    return Section("Biogenic carbon, outside the scopes", (text,), (point,))


def _mixing(used: tuple[Measure, ...]) -> tuple[str, ...]:
    """Which sets of warming potentials the figures stand on, and whether one of them mixes two."""
    sets = pieces.gwp_sets(used)
    if len(sets) < 2:
        return (
            f"All gases are weighed with the 100-year potentials of {sets[0]}."
            if sets
            else "No gas was weighed.",
        )
    mixed = [m.indicator for m in used if len(pieces.gwp_sets((m,))) > 1]
    rest = (
        f"{', '.join(mixed)} must not be used: it mixes them." if mixed else "No figure mixes two."
    )
    return (f"Figures of this report stand on more than one GWP set ({', '.join(sets)}). {rest}",)


def _base_year(dossier: Dossier) -> Section:
    rows = tuple(
        (t.name, t.indicator, t.base_year, t.base_value, t.source)
        for t in dossier.plant.targets
        if t.element == dossier.element and t.indicator.startswith("ghg.")
    )
    columns = pieces.heads("target", "indicator", "base year#", "base value#", "source")
    note = (
        ""
        if rows
        else "The plant file names no base year for a greenhouse gas figure of this element."
    )
    return Section(
        "Base year, comparison and recalculations",
        ("A recalculation is a sealed figure that became another; both stay on the books.",),
        tables=(
            Table("Base years", columns, rows, note),
            pieces.before_table(dossier, _SUMMED),
            pieces.revisions_table(dossier),
        ),
    )  # fmt: skip


def _exclusions(dossier: Dossier) -> Section:
    never = tuple(
        (f"scope 3.{n}", _CATEGORIES[n - 1], "not assessed by this software")
        for n in range(1, 16)
        if n not in _MADE
    )
    lacking = tuple(
        (f"scope 3.{n}", _CATEGORIES[n - 1], pieces.reason(dossier, f"ghg.scope3_cat{n}"))
        for n in _MADE
        if dossier.figure(f"ghg.scope3_cat{n}") is None
    )
    lost = tuple(
        (place, name, pieces.reason(dossier, i))
        for i, name, place in (
            *((i, n, "scope 1") for i, n in zip(_SCOPE_1, _SOURCES, strict=True)),
            ("ghg.scope2_location", "Location-based", "scope 2"),
            ("ghg.scope2_market", "Market-based", "scope 2"),
        )
        if dossier.figure(i) is None
    )
    columns = pieces.heads("where", "what", "why it is not in the inventory")
    return Section("Exclusions", tables=(Table("Left out", columns, (*lost, *lacking, *never)),))


plug = GhgInventory()
