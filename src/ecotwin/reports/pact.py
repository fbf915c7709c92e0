"""PACT product footprints as others ask for them: the list, one of them, and the file.

Records are `ProductFootprint`s as JSON holds them; nothing is computed here. Who may see which is decided before.

Sources: PACT Technical Specifications 3.0.3, `/3/footprints` and `/3/footprints/{id}`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ecotwin.errors import EcotwinError

Record = Mapping[str, Any]
_PLACES = ("geographyCountry", "geographyCountrySubdivision", "geographyRegionOrSubregion")


@dataclass(frozen=True, slots=True)
class Page:
    """Records of one answer; `next_offset`: where the next one begins, None on the last."""

    data: tuple[Record, ...]
    next_offset: int | None

    def json(self) -> dict[str, Any]:
        """The body of the answer."""
        return {"data": [dict(r) for r in self.data]}


def listed(
    records: Iterable[Record],
    asked: Mapping[str, Sequence[str]] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> Page:
    """What `GET /3/footprints` answers.

    Args:
        records: In the order they are told. asked: Query parameter -> its values: any of the values
            of each parameter must fit. limit: Records at most; None: all. offset: Records to leave out.

    Raises:
        EcotwinError: A parameter is unknown, or its value cannot be read (`BadRequest`).
    """
    tests = [_test(name, values) for name, values in (asked or {}).items()]
    if offset < 0 or (limit is not None and limit < 0):
        raise _bad(f"limit {limit}, offset {offset}", "numbers of zero or more")
    found = [r for r in records if all(test(r) for test in tests)]
    end = len(found) if limit is None else min(len(found), offset + limit)
    return Page(tuple(found[offset:end]), end if end < len(found) and limit else None)


def one(records: Iterable[Record], id: str) -> Record | None:  # noqa: A002
    """What `GET /3/footprints/{id}` answers; None: `NotFound`."""
    return next((r for r in records if r["id"] == id.lower()), None)


def text(records: Iterable[Record]) -> str:
    r"""A file of footprints, the same for the same records.

    >>> text([])
    '{\n "data": []\n}\n'
    """
    return json.dumps({"data": list(records)}, indent=1, ensure_ascii=False) + "\n"


def deprecated(record: Record, by: Record) -> tuple[dict[str, Any], dict[str, Any]]:
    """A record that another one follows, and that other one naming it.

    Raises:
        EcotwinError: They are of different products.
    """
    if not set(record["productIds"]) & set(by["productIds"]):
        raise _bad("the two footprints share no product id", "footprints of one product")
    before = [*by.get("precedingPfIds", []), record["id"]]
    return {**record, "status": "Deprecated"}, {**by, "precedingPfIds": list(dict.fromkeys(before))}


def _test(name: str, values: Sequence[str]) -> Callable[[Record], bool]:
    wanted = {v.lower() for v in values}
    if name in ("productId", "companyId", "classification"):
        key = {"productId": "productIds", "companyId": "companyIds"}.get(
            name, "productClassifications"
        )
        return lambda r: bool(wanted & {str(i).lower() for i in r.get(key, ())})
    if name == "geography":
        return lambda r: bool(wanted & _geographies(r))
    if name == "status":
        if not wanted <= {"active", "deprecated"}:
            raise _bad(f"status {', '.join(values)}", "Active or Deprecated")
        return lambda r: str(r["status"]).lower() in wanted
    if name in ("validOn", "validAfter", "validBefore"):
        moments = [_moment(name, v) for v in values]
        return lambda r: any(_valid(name, r, m) for m in moments)
    raise _bad(
        f"the parameter {name!r}",
        "productId, companyId, geography, classification, validOn, validAfter, validBefore or status",
    )


def _valid(name: str, record: Record, at: datetime) -> bool:
    """By the record's validity, else the default: three years from the end of its reference period."""
    begins, ends = record.get("validityPeriodStart"), record.get("validityPeriodEnd")
    start = datetime.fromisoformat(begins or record["pcf"]["referencePeriodEnd"])
    if ends:
        end = datetime.fromisoformat(ends)
    else:
        end = _three_years_after(datetime.fromisoformat(record["pcf"]["referencePeriodEnd"]))
    return {"validOn": start <= at <= end, "validAfter": start > at, "validBefore": end < at}[name]


def _geographies(record: Record) -> set[str]:
    """Places a record is of: its own, and the country that a subdivision lies in."""
    found = {str(record["pcf"][p]).lower() for p in _PLACES if p in record["pcf"]}
    part = str(record["pcf"].get("geographyCountrySubdivision", "")).lower()
    return found | ({part.split("-")[0]} if "-" in part else set())


def _three_years_after(moment: datetime) -> datetime:
    leap_day = (moment.month, moment.day) == (2, 29)
    return moment.replace(year=moment.year + 3, day=28 if leap_day else moment.day)


def _moment(name: str, value: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise _bad(f"{name} {value!r}", "a time such as 2026-06-18T00:00:00Z") from None
    if found.tzinfo is None:
        raise _bad(f"{name} {value!r} tells no zone", "a time such as 2026-06-18T00:00:00Z")
    return found


def _bad(found: str, expected: str) -> EcotwinError:
    return EcotwinError(found, expected=expected, remedy="correct the request")
