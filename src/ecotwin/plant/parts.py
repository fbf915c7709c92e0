"""The small types that every part of a plant file is made of."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

EWC = re.compile(r"^(0[1-9]|1[0-9]|20) ?\d\d ?\d\d\*?$")
TREATMENT = re.compile(r"^(R([1-9]|1[0-3])|D([1-9]|1[0-5]))$")


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Pause = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]
Day = Annotated[str, AfterValidator(_day)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Share = Annotated[float, Field(ge=0, le=1)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Gwp = Literal["AR4", "AR5", "AR6"]
GwpIfAny = Literal["AR4", "AR5", "AR6", ""]
Role = Literal[
    "operator", "engineer", "plant_manager", "sustainability_officer", "executive", "auditor",
    "administrator",
]  # fmt: skip
State = Literal["off", "standby", "heating", "setup", "idle", "busy", "down"]


class Part(BaseModel):
    """A part of the file: no key that is not known, no type that is not meant."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)
