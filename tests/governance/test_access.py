"""Who may what, as a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cleaning.made import plant_of, signal
from ecotwin.errors import AccessRefused, SettingsFault
from ecotwin.governance.access import Action, Role, demand, may, person
from ecotwin.governance.privacy import may_show
from ecotwin.plant.model import Element, Plant, Write

WRITE = Write(0, 1, 0, 60, approve=("engineer", "plant_manager"))


def plant() -> Plant:
    made = plant_of(
        signal("setpoint", write=WRITE),
        signal("gauge"),
        signal("setpoint", write=replace(WRITE, approve=())),
        *(signal("gauge", privacy="person") for _ in range(5)),
    )
    elements = (
        Element("p", "p", "site", ""),
        Element("line_1", "l", "line", "p"),
        Element("m", "m", "machine", "line_1"),
        Element("line_2", "l", "line", "p"),
    )
    return replace(made, elements=elements)


PLANT = plant()


@pytest.mark.parametrize(
    ("role", "actions"),
    [
        ("operator", {"see", "acknowledge", "decline", "stop_writes"}),
        ("engineer", set(Action) - {"administer"}),
        ("plant_manager", set(Action) - {"administer"}),
        (
            "sustainability_officer",
            {"see", "acknowledge", "export", "ask_what_if", "save_scenario"},
        ),
        ("executive", {"see", "export", "ask_what_if"}),
        ("auditor", {"see", "export"}),
        ("administrator", {"see", "stop_writes", "export", "administer", "ask_what_if"}),
    ],
)
def test_what_each_role_may_at_a_writable_set_point(role: str, actions: set[str]) -> None:
    who = person("Ada", [role])
    assert {a for a in Action if may(who, a, "m.s0", PLANT).allowed} == actions


def test_every_role_and_action_is_decided() -> None:
    for role in Role:
        for action in Action:
            decision = may(person("A", [role]), action, "m.s0", PLANT)
            assert decision.why
            assert (role in decision.who_may) == decision.allowed


def test_only_set_points_are_written_and_only_by_whom_the_plant_file_names() -> None:
    who = person("Ada", ["engineer"])
    assert "read only" in may(who, "write", "m.s1", PLANT).why
    assert "nobody" in may(who, "write", "m.s2", PLANT).why
    assert "set-point" in may(who, "write", "m", PLANT).why
    refused = may(person("Bo", ["operator"]), "approve_order", "m.s0", PLANT)
    assert refused.who_may == ("engineer", "plant_manager")
    assert "needs engineer or plant_manager" in refused.why


def test_a_scope_ends_at_its_element() -> None:
    who = person("Ada", ["engineer"], ["line_1"])
    assert may(who, "write", "m.s0", PLANT).allowed
    assert may(who, "see", "m", PLANT).allowed
    for place in ("line_2", "p", "", "elsewhere"):
        assert not may(who, "see", place, PLANT).allowed
    assert may(person("Bo", ["engineer"]), "see", "", PLANT).allowed


def test_no_means_an_error_that_says_whom_to_ask() -> None:
    with pytest.raises(AccessRefused, match=r"Bo is auditor.*engineer or plant_manager"):
        demand(person("Bo", ["auditor"]), "write", "m.s0", PLANT)
    assert demand(person("Ada", ["engineer"]), "write", "m.s0", PLANT).allowed
    with pytest.raises(AccessRefused, match="no role"):
        demand(person("Eve", []), "see", "m", PLANT)


def test_a_role_that_does_not_exist_is_a_fault_of_the_settings() -> None:
    with pytest.raises(SettingsFault, match="'boss'"):
        person("Ada", ["boss"])


def test_figures_about_people_are_shown_of_groups_only() -> None:
    people = [f"m.s{i}" for i in range(3, 8)]
    assert may_show(people, PLANT).allowed
    assert may_show(["m.s0"], PLANT).allowed
    assert not may_show(people[:4], PLANT).allowed
    assert not may_show([people[0]] * 9, PLANT).allowed
    assert "about 1 person;" in may_show([people[0], "m.s0"], PLANT).why
