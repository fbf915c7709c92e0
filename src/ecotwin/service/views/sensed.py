"""Values that no analyser measures."""

from __future__ import annotations

from ecotwin.service.views.shown import View


class SensedCheck(View):
    """What the references of one calibration said of what was told before them.

    Attributes:
        at: When. references: Their number. left_out: Not learned from, for being flagged bad.
        error: Mean distance. bias: Told less reference on average. held_share: Inside the band.
        alarms: Drift, in words.
    """

    at: str
    references: int
    left_out: int
    error: float | None
    bias: float | None
    held_share: float | None
    alarms: list[str]


class SensedRow(View):
    """One told signal.

    Attributes:
        signal, name, element, unit: Of it. inputs: Ids of what it is told from. reference: Id of what it is held to.
        recalibrate_h: References are learned from so often [h].
        why_not: Why there is no sensor yet, empty once there is.
        at: Newest minute told. value, low, high: With its 80 % band; null where it refuses.
        state: `told`, `outside`, `drifted`, `uncalibrated`, or empty. why: The reason in a sentence.
        calibrated_at: When its newest references became known. references: Learned from in all.
        moments: Calibrations with references. young: So few that no drift is judged yet.
        granted_share: Half of the 95 % interval that figures grant it. found_share: The same by its band now.
        told: The whole in one sentence. checks: The newest last.
    """

    signal: str
    name: str
    element: str
    unit: str
    inputs: list[str]
    reference: str
    recalibrate_h: float
    why_not: str
    at: str | None
    value: float | None
    low: float | None
    high: float | None
    state: str
    why: str
    calibrated_at: str | None
    references: int
    moments: int
    young: bool
    granted_share: float
    found_share: float | None
    told: str
    checks: list[SensedCheck]


class SensedAll(View):
    """Every told signal of the plant."""

    rows: list[SensedRow]


class SensedHour(View):
    """The band of an hour by the minute: null and a reason where it refused.

    Attributes:
        at: Its start. low, high, state: [60]. why: (minute, reason).
    """

    at: str
    low: list[float | None]
    high: list[float | None]
    state: list[str]
    why: list[tuple[int, str]]


class SensedBand(View):
    """The band of a told signal over time."""

    signal: str
    unit: str
    hours: list[SensedHour]
