"""A report becomes a file: PDF for people, XLSX for their sums, JSON for machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final

from ecotwin.errors import EcotwinError
from ecotwin.records import Report
from ecotwin.reports.rendering.facts import Facts, sound

FORMS: Final[Mapping[str, tuple[str, str]]] = {
    "pdf": ("pdf", "application/pdf"),
    "xlsx": ("sheet", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "json": ("text", "application/json"),
}
"""Form -> (module that makes it, media type)."""

__all__ = ["FORMS", "Facts", "render"]


def render(report: Report, form: str, facts: Facts) -> bytes:
    """The bytes of a file; the same report and facts always give the same bytes.

    Args:
        report: What a plug wrote. form: `pdf`, `xlsx` or `json`. facts: When, where and by what it was made.

    Raises:
        EcotwinError: The form is unknown, a library is missing, or the report carries what is no number.
    """
    if form not in FORMS:
        raise EcotwinError(
            f"a report cannot be made as {form!r}",
            expected=f"one of {', '.join(FORMS)}",
            remedy="choose one of these forms",
        )
    sound(report)
    module = import_module(f"ecotwin.reports.rendering.{FORMS[form][0]}")
    made: Callable[[Report, Facts], bytes] = module.made
    return made(report, facts)
