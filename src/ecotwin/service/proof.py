"""The proof page, and the proof of one figure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ecotwin.accounting.catalogue import indicators
from ecotwin.clock import iso, micros
from ecotwin.cycle.asking import Asked
from ecotwin.governance.checkpoint import read
from ecotwin.governance.ledger import content
from ecotwin.records import Entry
from ecotwin.service import bar as shared
from ecotwin.service import words
from ecotwin.service.views import EntryRow, Explain, Headline, Proof, Step

if TYPE_CHECKING:
    from ecotwin.cycle import Twin

ROWS = 100
KINDS = {
    "measure": "Figure",
    "finding": "Finding",
    "advice": "Advice",
    "approval": "Approval",
    "decline": "Declined",
    "order": "Order",
    "receipt": "Receipt",
    "saving": "Saving",
    "stop": "Writes stopped",
    "allow": "Writes allowed",
    "booking": "Booking",
    "footprint": "Product footprint",
    "model": "Model learned",
    "normal": "Said to be normal",
    "report": "Report",
}


def proof(twin: Twin, before: int | None = None) -> Proof:
    """The ledger: its newest entries, root and checkpoint, checked now."""
    size = twin.ledger.size
    notes = twin.ledger.checkpoints()
    end = size if before is None else min(before, size)
    rows = twin.ledger.entries(start=max(0, end - ROWS), limit=min(ROWS, end), newest_first=False)
    root = twin.ledger.root().hex()
    last = read(notes[-1], twin.prove.public_key) if notes else None
    sound = last is None or twin.ledger.root(last.size) == last.root
    return Proof(
        bar=shared.bar(twin),
        headline=Headline(
            text=_state(size, last is not None, sound),
            cost="",
            level="ok" if sound else "act",
        ),
        size=size,
        root=root,
        checkpoint=notes[-1] if notes else "",
        key=twin.prove.public_key,
        checked=words.day_time(twin.now(), twin.plant.zone, twin.now()),
        ok=sound,
        entries=[_entry(twin, e) for e in reversed(rows)],
    )


def _state(size: int, signed: bool, sound: bool) -> str:
    if not sound:
        return "The ledger is not the one that was signed: run `ecotwin verify`"
    return f"{size:,} entries are sealed" + ("; the newest checkpoint holds" if signed else "")


def _entry(twin: Twin, entry: Entry) -> EntryRow:
    body = content(entry)
    return EntryRow(
        index=entry.index,
        at=iso(micros(entry.at)),
        kind=KINDS.get(entry.kind, entry.kind),
        subject=_subject(twin, entry.subject, body) if entry.kind == "measure" else entry.subject,
        text=_named(twin, entry.kind, body),
        leaf=entry.leaf.hex(),
    )


def _subject(twin: Twin, subject: str, body: Any) -> str:
    """Which element and period a sealed figure is about."""
    zone = twin.plant.zone
    start, end = (datetime.fromisoformat(body["period"][k]) for k in ("start", "end"))
    name = twin.plant.element(body["element"]).name if body["element"] in subject else subject
    return f"{name}, {words.day_time(start, zone, twin.now())} to {words.clock_time(end, zone)}"


def _named(twin: Twin, kind: str, body: Any) -> str:
    """An entry in a few words, with the names that people use."""
    if kind == "order" and twin.plant.has_signal(body["signal"]):
        signal = twin.plant.signal(body["signal"])
        what = f"{signal.name} to {words.digits(body['value'])} {words.unit(signal.unit)}"
        return f"{twin.plant.element(signal.element).name}: {what} ({body['state']})"
    if kind == "saving":
        saved = body["saved_kwh"]
        span = words.span(saved["low"], saved["high"])
        return f"{twin.plant.element(body['element']).name}: {words.digits(saved['value'])} kWh ({span})"
    return words.signs(_text(kind, body))


def _text(kind: str, body: Any) -> str:
    """An entry in a few words."""
    if kind == "measure":
        entry = indicators().get(body["indicator"])
        name = entry.name if entry else body["indicator"]
        return f"{name}: {words.digits(body['value'])} {words.unit(body['unit'])}".rstrip()
    if kind in {"finding", "advice"}:
        return f"{body['title']} ({body['state']})"
    if kind == "order":
        return f"{body['signal']} to {words.digits(body['value'])} ({body['state']})"
    if kind == "receipt":
        return str(body["text"])
    if kind == "saving":
        saved = body["saved_kwh"]
        return f"{words.digits(saved['value'])} kWh ({words.span(saved['low'], saved['high'])})"
    if kind == "model":
        return f"{body['kind']} of {body['subject']}: {body['why']}"
    if kind == "booking":
        gone = " (withdrawn)" if body.get("withdrawn") else ""
        return f"{body['kind']} {body['id']}{gone}: {body['source']}"
    if kind == "footprint":
        return f"{body['productNameCompany']}: {body['pcf']['pcfExcludingBiogenicUptake']} kgCO2e ({body['status']})"
    if kind == "report":
        return f"{len(body['sha256'])} files of {body['period']}"
    by = body.get("by", "")
    reason = body.get("reason", "")
    return f"{by}{': ' + reason if reason else ''}"


def explain(twin: Twin, figure: str) -> Explain:
    """The whole tree of one figure.

    Raises:
        FigureGap: There is no such figure.
    """
    asked = Asked(twin.plant, twin.store, twin.ledger, twin.now(), twin.prove.years)
    tree = asked.explain(figure)["tree"]
    sealed = _sealed(twin, figure)
    unit = words.unit(tree["unit"])
    return Explain(
        bar=shared.bar(twin),
        id=figure,
        title=f"{tree['name']}, {twin.plant.element(tree['element']).name}",
        value=f"{words.digits(tree['value'], 4)} {unit}",
        interval=words.span(tree["low"], tree["high"], unit),
        formula=tree["formula"],
        steps=_steps(twin, tree, sealed),
        entry=sealed.index if sealed else None,
    )


def _sealed(twin: Twin, figure: str) -> Entry | None:
    """The newest entry of a figure; of a period that still runs, the one sealed last."""
    exact = twin.ledger.entries(kind="measure", subject=figure, newest_first=True, limit=1)
    if exact:
        return exact[0]
    begun = figure.rsplit("/", 1)[0]
    known = twin.ledger.entries(kind="measure", newest_first=True, limit=3000)
    return next((e for e in known if e.subject.rsplit("/", 1)[0] == begun), None)


def _local(twin: Twin, stamp: str) -> str:
    """A moment of the tree in the plant's time."""
    return words.day_time(datetime.fromisoformat(stamp), twin.plant.zone, twin.now())


def _plain(name: str) -> str:
    """A figure among the inputs by the name that people use."""
    return indicators()[name].name if name in indicators() else name


def _revised(twin: Twin, r: Mapping[str, Any]) -> str:
    """What became of a figure or of an hour of a signal."""
    what = f"{r['signal']} at {_local(twin, r['at'])}" if r["signal"] else "This figure"
    return f"{what}: {words.digits(r['before'])} → {words.digits(r['after'])}"


def _steps(twin: Twin, tree: dict[str, Any], sealed: Entry | None) -> list[Step]:
    """What the figure was made of, in the order in which it was made."""
    steps = [
        Step(
            name="Input",
            text=f"{_plain(one['name'])}: {words.digits(one['value'], 4)} {words.unit(one['unit'])}",
            detail=f"{one['signal']}, {one['coverage'] * 100:.1f} % covered"
            if one["signal"]
            else "",
            steps=_steps(twin, one["tree"], None) if "tree" in one else [],
        )
        for one in tree["inputs"]
    ]
    steps.append(
        _plain_step(
            "Measured",
            f"{tree['coverage'] * 100:.1f} % of the time, "
            f"{tree['estimated_share'] * 100:.1f} % of the value estimated",
        )
    )
    steps += [_factor_step(factor) for factor in tree["factors"]]
    steps.append(_plain_step("Method", tree["method"], tree["boundary"]))
    steps += [
        _plain_step("Part", f"{name}: {words.digits(value)} {words.unit(tree['unit'])}")
        for name, value in tree["split"].items()
    ]
    steps += [
        _plain_step(
            "Revised", _revised(twin, r), f"known since {_local(twin, r['known'])}; {r['why']}"
        )
        for r in tree["revisions"]
    ]
    if sealed is not None:
        steps.append(
            _plain_step(
                "Sealed",
                f"entry {sealed.index}: {_text(sealed.kind, content(sealed))}",
                f"leaf {sealed.leaf.hex()[:12]}…, sealed "
                f"{words.day_time(sealed.at, twin.plant.zone, twin.now())}",
            )
        )
    return steps


def _plain_step(name: str, text: str, detail: str = "") -> Step:
    """A step that is made of nothing else."""
    return Step(name=name, text=text, detail=detail, steps=[])


def _factor_step(factor: Mapping[str, Any]) -> Step:
    facts = [factor["place"], str(factor["year"] or "")]
    facts += [factor[name] for name in ("source", "version", "gwp_set")]
    text = f"{words.digits(factor['value'], 4)} {words.unit(factor['unit'])}"
    return _plain_step("Factor", text, ", ".join(f for f in facts if f))
