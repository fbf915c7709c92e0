"""Ranked causes: laws of the weighing first, then the tables, then what a clue may say."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.maintenance.clues import tables
from ecotwin.maintenance.clues.scene import Clue
from ecotwin.maintenance.diagnosis import ranked
from ecotwin.plant.catalogue import kinds

NAMES = sorted({r["clue"] for r in tables._rows("clues")})
WORDS = (
    "power",
    "idle",
    "drift",
    "compressed_air",
    "water",
    "gas",
    "nitrogen",
    "scrap",
    "sun",
    "stuck",
    "gap",
    "permit",
)
KINDS = (
    "",
    "reflow_oven",
    "air_compressor",
    "chiller",
    "placer",
    "lighting",
    "a kind nobody knows",
)
SURES = st.floats(0.03, 0.97)
FOUND = st.dictionaries(st.sampled_from(NAMES), SURES, max_size=12).map(
    lambda d: [Clue(n, s, f"{n} is so.") for n, s in d.items()]
)


@given(FOUND, st.sampled_from(KINDS), st.sampled_from(WORDS))
@settings(max_examples=60, deadline=None)
def test_probabilities_sum_to_one_and_none_is_ever_nothing(
    found: list[Clue], kind: str, word: str
) -> None:
    order = ranked(found, kind, word)
    assert math.fsum(w.share for w in order) == pytest.approx(1.0, abs=1e-12)
    assert all(0.0 < w.share < 1.0 for w in order)
    assert next(w.share for w in order if w.cause.id == "unknown") > 1e-4
    assert [w.share for w in order] == sorted((w.share for w in order), reverse=True)


@given(FOUND, st.integers(0, 1000), st.sampled_from(KINDS), st.sampled_from(WORDS))
@settings(max_examples=40, deadline=None)
def test_the_order_of_evidence_does_not_matter(
    found: list[Clue], seed: int, kind: str, word: str
) -> None:
    mixed = list(found)
    random.Random(seed).shuffle(mixed)
    assert ranked(found, kind, word) == ranked(mixed, kind, word)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("word", WORDS)
def test_without_evidence_the_prior_stands(kind: str, word: str) -> None:
    stated = {c.id: c.prior for c in tables.causes_of(kind, word)}
    for w in ranked([], kind, word):
        assert w.share == pytest.approx(stated[w.cause.id])
        assert w.bits == pytest.approx(w.base)


@given(FOUND, st.sampled_from(KINDS), st.sampled_from(WORDS))
@settings(max_examples=60, deadline=None)
def test_what_is_named_for_a_cause_carries_it(found: list[Clue], kind: str, word: str) -> None:
    """Faithful: without a clue that speaks for a cause its probability falls, without one against it rises."""
    for w in ranked(found, kind, word):
        for clue, bits in w.parts:
            left = ranked([c for c in found if c is not clue], kind, word)
            share = next(o.share for o in left if o.cause.id == w.cause.id)
            if bits > 1e-6:
                assert share < w.share
            elif bits < -1e-6:
                assert share > w.share


@given(st.sampled_from(NAMES), st.sampled_from(KINDS), st.sampled_from(WORDS))
@settings(max_examples=60, deadline=None)
def test_a_clue_as_sure_as_it_is_usual_says_nothing(name: str, kind: str, word: str) -> None:
    when = tables.seen_when(name, kind, word)
    if "unknown" not in when:
        return
    for w in ranked([Clue(name, when["unknown"], "")], kind, word):
        assert w.bits == pytest.approx(w.base, abs=1e-9)


@given(st.sampled_from(NAMES), SURES, SURES, st.sampled_from(KINDS), st.sampled_from(WORDS))
@settings(max_examples=60, deadline=None)
def test_a_surer_clue_moves_causes_further_the_same_way(
    name: str, one: float, other: float, kind: str, word: str
) -> None:
    less, more = sorted((one, other))
    when = tables.seen_when(name, kind, word)
    if "unknown" not in when:
        return
    best = max(when, key=lambda c: when[c] if c != "unknown" else 0.0)
    known = {w.cause.id for w in ranked([], kind, word)}
    if best not in known or when[best] <= when["unknown"]:
        return
    a = {w.cause.id: w.share for w in ranked([Clue(name, less, "")], kind, word)}
    b = {w.cause.id: w.share for w in ranked([Clue(name, more, "")], kind, word)}
    assert b[best] / b["unknown"] >= a[best] / a["unknown"] * (1 - 1e-9)


def test_what_people_told_moves_the_prior_and_never_all_of_it() -> None:
    before = {w.cause.id: w.share for w in ranked([], "air_compressor", "power")}
    told = {w.cause.id: w.share for w in ranked([], "air_compressor", "power", {"fouling": 20})}
    assert told["fouling"] > 0.7 > before["fouling"]
    assert all(share > 0.0 for share in told.values())


def test_tables_name_known_classes_kinds_and_causes() -> None:
    known = set(kinds()) | {"*", tables.NO_KIND}
    for name in ("causes", "clues"):
        for row in tables._rows(name):
            assert set(row["kinds"].split()) <= known, row
            assert row["source"], row
    stated = {r["cause"] for r in tables._rows("causes")}
    for row in tables._rows("clues"):
        assert row["cause"] in stated or tables.class_of(row["cause"]) in tables.CLASSES, row
    # A clue of which nobody said how often it is seen at all would count nothing, silently.
    for name in NAMES:
        rows = [r for r in tables._rows("clues") if r["clue"] == name]
        assert any(r["cause"] == "unknown" for r in rows), name


def test_every_class_of_cause_can_be_found_somewhere() -> None:
    assert {tables.class_of(r["cause"]) for r in tables._rows("causes")} == set(tables.CLASSES)
