"""Reduction paths, from plain numbers.

Sources: SBTi Corporate Net-Zero Standard V1.3.
"""

from __future__ import annotations


def sbti_linear_cut(base_year: int, target_year: int, rate: float = 0.042) -> float:
    """Smallest cut of scope 1 and 2 on the 1.5 degC path, a share of the base year's emissions.

    Linear, not compound; for a base year after 2020 the years count from 2020.

    >>> round(sbti_linear_cut(2022, 2030), 4)
    0.42
    >>> round(1 - sbti_linear_cut(2018, 2030), 4)
    0.496
    """
    if target_year <= base_year:
        raise ValueError(f"the target year {target_year} does not follow the base year {base_year}")
    return min(1.0, rate * (target_year - min(base_year, 2020)))


def sbti_path(
    base_year: int, base_co2e_kg: float, target_year: int, year: float, rate: float = 0.042
) -> float:
    """Emissions allowed in a year on the straight line from the base year to the target year [kgCO2e].

    >>> round(sbti_path(2020, 100.0, 2030, 2025), 6)
    79.0
    """
    cut = sbti_linear_cut(base_year, target_year, rate)
    passed = min(max((year - base_year) / (target_year - base_year), 0.0), 1.0)
    return base_co2e_kg * (1.0 - cut * passed)
