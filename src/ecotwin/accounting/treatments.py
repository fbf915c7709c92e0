"""What codes of waste and of its treatment mean, from plain texts.

Sources: Directive 2008/98/EC, art. 3 and Annexes I and II; Decision 2000/532/EC (`*`: hazardous); ESRS E5-5 and
    GRI 306 (burning with energy recovery is directed to disposal).
"""

from __future__ import annotations

import re

REUSE = "reuse"
"""Preparation for reuse, which bears no code in Annex II."""
_CODE = re.compile(r"(0[1-9]|1\d|20) \d\d \d\d\*?")
_TREATMENT = re.compile(r"R([1-9]|1[0-3])|D([1-9]|1[0-5])|reuse")
_RECYCLING = frozenset(f"R{n}" for n in range(2, 10))


def is_waste_code(code: str) -> bool:
    """Whether a text is a code of the European list of waste: six digits in pairs, `*` where hazardous.

    >>> [is_waste_code(c) for c in ("14 06 03*", "140603", "21 01 01")]
    [True, False, False]
    """
    return _CODE.fullmatch(code.strip()) is not None


def is_treatment(treatment: str) -> bool:
    """Whether a text is a treatment: R1 to R13, D1 to D15, or `reuse`.

    >>> [is_treatment(t) for t in ("R13", "D15", "reuse", "R14", "burnt")]
    [True, True, True, False, False]
    """
    return _TREATMENT.fullmatch(treatment) is not None


def is_hazardous(code: str) -> bool:
    """Whether a code of the European list of waste bears the asterisk.

    >>> is_hazardous("13 02 05*"), is_hazardous("15 01 01")
    (True, False)
    """
    return code.strip().endswith("*")


def is_diverted(treatment: str) -> bool:
    """Whether a treatment diverts waste from disposal by ESRS and GRI: reuse and R2 to R13.

    >>> [is_diverted(t) for t in ("R1", "R4", "D10", "reuse")]
    [False, True, False, True]
    """
    return treatment == REUSE or (treatment.startswith("R") and treatment != "R1")


def is_disposed(treatment: str) -> bool:
    """Whether waste is directed to disposal by ESRS and GRI: D1 to D15, and burning with energy recovery (R1).

    >>> [is_disposed(t) for t in ("R1", "R4", "D10")]
    [True, False, True]
    """
    return not is_diverted(treatment)


def is_landfilled(treatment: str) -> bool:
    """Whether waste goes to landfill: deposit into or on to land (D1) and specially engineered landfill (D5).

    >>> [is_landfilled(t) for t in ("D1", "D5", "D10", "R1")]
    [True, True, False, False]
    """
    return treatment in {"D1", "D5"}


def is_recycled(treatment: str) -> bool:
    """Whether a treatment is reuse or recycling: R2 to R9. Spreading on land, blending, storing (R10 to R13) is not.

    >>> [is_recycled(t) for t in ("R1", "R3", "R13", "reuse")]
    [False, True, False, True]
    """
    return treatment == REUSE or treatment in _RECYCLING


def is_not_recycled(treatment: str) -> bool:
    """Whether waste is neither reused nor recycled (ESRS E5-5: total - reuse - recycling)."""
    return not is_recycled(treatment)


def is_zero_waste(treatment: str) -> bool:
    """Whether zero-waste schemes count a treatment as diverted: reuse and any recovery, R1 too.

    >>> is_zero_waste("R1")
    True
    """
    return treatment == REUSE or treatment.startswith("R")
