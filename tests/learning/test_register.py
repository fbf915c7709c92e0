"""The register: ids from content, one champion a subject, lineage to the first, and tampering seen."""

from __future__ import annotations

import json

import pytest

from ecotwin.errors import FigureGap
from ecotwin.learning.register import Model, Register, Standing, Trained

TRAINED = Trained(("load", "air"), "2026-01-01", "2026-02-01", 700, 20, ("finding open",))


def entered(
    register: Register, content: object, parent: str = "", subject: str = "boiler"
) -> Model:
    return register.enter(
        "soft sensor", subject, TRAINED, made_at=f"2026-02-0{len(register) + 1}", code="1.0",
        settings={"window": 2000}, content=content, parent=parent,
    )  # fmt: skip


def test_one_champion_a_subject_and_lineage_to_the_first() -> None:
    register = Register()
    first = entered(register, [1.0])
    assert first.standing is Standing.CHALLENGER
    assert register.champion("soft sensor", "boiler") is None
    register.promote(first.id, at="2026-02-02", why="the first")
    second = entered(register, [2.0], first.id)
    other = entered(register, [2.0], subject="oven")
    register.promote(other.id, at="2026-02-02", why="the first")
    new, old = register.promote(second.id, at="2026-02-03", why="8 % lower on 300 rows")
    assert old is not None
    assert (old.id, old.standing, old.by) == (first.id, Standing.RETIRED, second.id)
    assert register.champion("soft sensor", "boiler") == new
    assert [m.id for m in register.lineage(second.id)] == [second.id, first.id]
    champions = [m for m in register.models() if m.standing is Standing.CHAMPION]
    assert {m.subject for m in champions} == {"boiler", "oven"}


def test_kept_as_json_it_comes_back_the_same() -> None:
    register = Register()
    first = entered(register, {"a": [1.0, 2.0]})
    register.promote(first.id, at="2026-02-02", why="the first")
    entered(register, {"a": [1.0, 2.5]}, first.id)
    kept = json.loads(json.dumps(register.as_json()))
    assert Register.from_json(kept).as_json() == register.as_json()
    assert Register.from_json(kept).models() == register.models()


@pytest.mark.parametrize("field", ["content", "parent", "subject", "code", "made_at"])
def test_a_changed_record_is_seen(field: str) -> None:
    register = Register()
    entered(register, [1.0])
    kept = register.as_json()
    kept[0][field] = "something else"
    with pytest.raises(FigureGap, match="was changed"):
        Register.from_json(kept)


def test_the_same_model_is_entered_once_and_another_content_is_another_model() -> None:
    register = Register()
    words = {"made_at": "t", "code": "1", "settings": {}}
    one = register.enter("k", "s", TRAINED, content=[1.0], **words)  # type: ignore[arg-type]
    assert register.enter("k", "s", TRAINED, content=[1.0], **words) == one  # type: ignore[arg-type]
    assert register.enter("k", "s", TRAINED, content=[1.1], **words).id != one.id  # type: ignore[arg-type]
    assert len(register) == 2


def test_nothing_is_promoted_twice_nor_without_a_reason_nor_from_strangers() -> None:
    register = Register()
    first = entered(register, [1.0])
    with pytest.raises(FigureGap, match="no reason"):
        register.promote(first.id, at="t", why="")
    register.promote(first.id, at="t", why="the first")
    with pytest.raises(FigureGap, match="is champion"):
        register.promote(first.id, at="t", why="again")
    with pytest.raises(FigureGap, match="no model"):
        register.get("nothing")
    with pytest.raises(FigureGap, match="is no model of oven"):
        entered(register, [3.0], first.id, subject="oven")
    lost = entered(register, [4.0], first.id)
    assert register.retire(lost.id, at="t", why="lost").standing is Standing.RETIRED
    with pytest.raises(FigureGap, match="is retired"):
        register.promote(lost.id, at="t", why="yet")
