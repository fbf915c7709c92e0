"""The list of footprints as `/3/footprints` asks for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ecotwin.errors import EcotwinError
from ecotwin.reports import pact


def footprint(n: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{n:08d}-0000-4000-8000-00000000000a",
        "status": "Active",
        "companyIds": ["urn:example:Works"],
        "productIds": [f"urn:example:works:{n}"],
        "productClassifications": ["urn:example:class:board"] if n % 2 else [],
        "validityPeriodStart": f"202{n}-01-01T00:00:00Z",
        "validityPeriodEnd": f"202{n + 3}-01-01T00:00:00Z",
        "pcf": {"geographyCountry": "DE" if n < 3 else "FR"},
        **more,
    }


RECORDS = [footprint(n) for n in range(1, 5)]


def ids(asked: dict[str, list[str]]) -> list[int]:
    return [int(r["id"][:8]) for r in pact.listed(RECORDS, asked).data]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [1, 2, 3, 4]),
        ({"productId": ["URN:EXAMPLE:WORKS:2", "urn:example:works:3"]}, [2, 3]),
        ({"companyId": ["urn:example:works"]}, [1, 2, 3, 4]),
        ({"geography": ["fr"]}, [3, 4]),
        ({"geography": ["fr"], "productId": ["urn:example:works:2", "urn:example:works:3"]}, [3]),
        ({"classification": ["urn:example:class:board"]}, [1, 3]),
        ({"validOn": ["2024-01-01T00:00:00Z"]}, [1, 2, 3, 4]),
        ({"validOn": ["2024-06-01T00:00:00Z"]}, [2, 3, 4]),
        ({"validAfter": ["2022-01-01T00:00:00Z"]}, [3, 4]),
        ({"validBefore": ["2025-01-01T00:00:00Z"]}, [1]),
        ({"status": ["active"]}, [1, 2, 3, 4]),
        ({"status": ["Deprecated"]}, []),
    ],
)
def test_any_value_of_every_parameter_must_fit(
    asked: dict[str, list[str]], found: list[int]
) -> None:
    assert ids(asked) == found


def test_a_record_without_validity_holds_three_years_and_a_part_lies_in_its_country() -> None:
    bare = footprint(1)
    del bare["validityPeriodStart"], bare["validityPeriodEnd"]
    bare["pcf"] = {
        "geographyCountrySubdivision": "DE-HH", "referencePeriodEnd": "2024-02-29T00:00:00Z",
    }  # fmt: skip
    for moment, valid in (
        ("2024-02-28T00:00:00Z", False),
        ("2027-02-28T00:00:00Z", True),
        ("2027-03-01T00:00:00Z", False),
    ):
        assert bool(pact.listed([bare], {"validOn": [moment]}).data) is valid
    assert pact.listed([bare], {"geography": ["de"]}).data == (bare,)
    assert pact.listed([bare], {"geography": ["d"]}).data == ()


def test_pages_follow_each_other_to_the_end() -> None:
    seen, offset = [], 0
    for _ in range(9):
        page = pact.listed(RECORDS, None, 3, offset)
        assert len(page.data) <= 3
        seen += [r["id"] for r in page.data]
        if page.next_offset is None:
            break
        offset = page.next_offset
    assert seen == [r["id"] for r in RECORDS]
    assert pact.listed([], None, 3).json() == {"data": []}


@pytest.mark.parametrize(
    "asked",
    [{"$filter": ["x"]}, {"validOn": ["soon"]}, {"validOn": ["2024-01-01"]}, {"status": ["Old"]}],
)
def test_a_parameter_that_cannot_be_read_is_refused(asked: dict[str, list[str]]) -> None:
    with pytest.raises(EcotwinError):
        pact.listed(RECORDS, asked)
    with pytest.raises(EcotwinError):
        pact.listed(RECORDS, None, -1)


def test_one_by_its_id_or_none() -> None:
    assert pact.one(RECORDS, RECORDS[1]["id"].upper()) == RECORDS[1]
    assert pact.one(RECORDS, "no") is None


def test_a_new_one_follows_an_old_one() -> None:
    new = footprint(5, productIds=["urn:example:works:4"])
    old, after = pact.deprecated(RECORDS[3], new)
    assert (old["status"], after["precedingPfIds"]) == ("Deprecated", [RECORDS[3]["id"]])
    assert RECORDS[3]["status"] == "Active"
    with pytest.raises(EcotwinError, match="no product id"):
        pact.deprecated(RECORDS[0], new)


def test_the_file_is_json() -> None:
    assert json.loads(pact.text(RECORDS))["data"] == RECORDS
