"""Who may: seven roles, eleven actions, a scope of elements. Decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ecotwin.errors import AccessRefused, SettingsFault
from ecotwin.plant.model import Plant, Signal


class Role(StrEnum):
    """What a person is in the plant."""

    OPERATOR = "operator"
    ENGINEER = "engineer"
    PLANT_MANAGER = "plant_manager"
    SUSTAINABILITY_OFFICER = "sustainability_officer"
    EXECUTIVE = "executive"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Action(StrEnum):
    """What a person can want."""

    SEE = "see"
    ACKNOWLEDGE = "acknowledge"
    SET_NORMAL = "set_normal"
    APPROVE_ORDER = "approve_order"
    DECLINE = "decline"
    WRITE = "write"
    STOP_WRITES = "stop_writes"
    EXPORT = "export"
    ASK_WHAT_IF = "ask_what_if"
    SAVE_SCENARIO = "save_scenario"
    ADMINISTER = "administer"


_A, _R = Action, Role
_WHO: dict[Action, tuple[Role, ...]] = {
    _A.SEE: tuple(_R),
    _A.ACKNOWLEDGE: (_R.OPERATOR, _R.ENGINEER, _R.PLANT_MANAGER, _R.SUSTAINABILITY_OFFICER),
    # It moves what a machine is held against, so those may who answer for the machine itself.
    _A.SET_NORMAL: (_R.ENGINEER, _R.PLANT_MANAGER),
    _A.APPROVE_ORDER: (_R.OPERATOR, _R.ENGINEER, _R.PLANT_MANAGER),
    _A.DECLINE: (_R.OPERATOR, _R.ENGINEER, _R.PLANT_MANAGER),
    _A.WRITE: (_R.OPERATOR, _R.ENGINEER, _R.PLANT_MANAGER),
    # Whoever stands beside the machine may stop the twin from writing to it.
    _A.STOP_WRITES: (_R.OPERATOR, _R.ENGINEER, _R.PLANT_MANAGER, _R.ADMINISTRATOR),
    _A.EXPORT: (
        _R.ENGINEER,
        _R.PLANT_MANAGER,
        _R.SUSTAINABILITY_OFFICER,
        _R.EXECUTIVE,
        _R.AUDITOR,
        _R.ADMINISTRATOR,
    ),
    # A what-if moves nothing; it takes the machine's time, so those may ask who plan.
    _A.ASK_WHAT_IF: (
        _R.ENGINEER,
        _R.PLANT_MANAGER,
        _R.SUSTAINABILITY_OFFICER,
        _R.EXECUTIVE,
        _R.ADMINISTRATOR,
    ),
    _A.SAVE_SCENARIO: (_R.ENGINEER, _R.PLANT_MANAGER, _R.SUSTAINABILITY_OFFICER),
    _A.ADMINISTER: (_R.ADMINISTRATOR,),
}
"""Roles that may at most; writes are narrowed by what the plant file says of the set-point."""

_WRITES = (Action.APPROVE_ORDER, Action.WRITE)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who asks.

    Attributes:
        scope: Ids of the elements the roles hold for, with all below them; empty: the whole plant.
    """

    name: str
    roles: tuple[Role, ...]
    scope: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a person may, and why.

    Attributes:
        who_may: Roles that may do this here, whoever asks.
    """

    allowed: bool
    why: str
    who_may: tuple[str, ...]


def person(name: str, roles: Iterable[str], scope: Iterable[str] = ()) -> Person:
    """A person from settings or a sign-in.

    >>> person("Ada", ["engineer"]).roles
    (<Role.ENGINEER: 'engineer'>,)

    Raises:
        SettingsFault: A role does not exist.
    """
    given = tuple(roles)
    known = {role.value for role in Role}
    wrong = [role for role in given if role not in known]
    if wrong:
        raise SettingsFault(
            f"there is no role {', '.join(map(repr, wrong))}",
            expected=f"some of {', '.join(known_role.value for known_role in Role)}",
            remedy="correct the roles in the settings",
        )
    return Person(name, tuple(Role(role) for role in given), tuple(scope))


def may(who: Person, action: Action | str, place: str, plant: Plant) -> Decision:
    """Whether a person may do something at a place.

    Args:
        who: The person.
        action: What they want.
        place: Id of an element or a signal; empty: the whole plant.
        plant: The plant, which says who may write what.
    """
    action = Action(action)
    signal = plant.signal(place) if plant.has_signal(place) else None
    who_may, limit = _who_may(action, signal)
    if not who_may:
        return Decision(False, limit, ())
    fitting = [role for role in who.roles if role.value in who_may]
    if not fitting:
        has = ", ".join(who.roles) or "no role"
        return Decision(
            False, f"{who.name} is {has}; {action} needs {' or '.join(who_may)}{limit}", who_may
        )
    element = signal.element if signal else place
    if not _in_scope(who, element, plant):
        where = ", ".join(who.scope)
        return Decision(False, f"{who.name} may {action} only in {where}, not at {place}", who_may)
    return Decision(True, f"{who.name} may {action} as {fitting[0]}", who_may)


def demand(who: Person, action: Action | str, place: str, plant: Plant) -> Decision:
    """`may`, as an error when the answer is no.

    Raises:
        AccessRefused: The person may not.
    """
    decision = may(who, action, place, plant)
    if not decision.allowed:
        raise AccessRefused(
            decision.why,
            expected=f"a person who is {' or '.join(decision.who_may) or 'nobody: it is not possible'}",
            remedy="ask such a person, or the administrator for the right",
        )
    return decision


def _who_may(action: Action, signal: Signal | None) -> tuple[tuple[str, ...], str]:
    roles = tuple(role.value for role in _WHO[action])
    if action not in _WRITES:
        return roles, ""
    if signal is None:
        return (), "only a set-point can be written: name the signal"
    if signal.write is None:
        return (), f"{signal.id} is read only in the plant file"
    approving = tuple(role for role in roles if role in signal.write.approve)
    return approving, "" if approving else f"the plant file lets nobody write {signal.id}"


def _in_scope(who: Person, element: str, plant: Plant) -> bool:
    if not who.scope:
        return True
    try:
        above = {e.id for e in plant.path(element or plant.site.id)}
    except KeyError:
        return False
    return not above.isdisjoint(who.scope)
