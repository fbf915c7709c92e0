"""Water scarcity, circularity, flue gas and people's exposure, from plain numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

AMD_WORLD = 0.0136
"""World mean availability minus demand [m3/m2/month]."""


def aware_factor(amd: float) -> float:
    """AWARE scarcity factor: 0.0136 / AMD, held within 0.1 and 100 [m3 world-eq/m3]; it weighs *consumption*.

    Args:
        amd: Availability minus demand of the basin and month [m3/m2/month]; demand above
            availability: 100.

    >>> [round(aware_factor(x), 9) for x in (0.0136, 0.00136, 1e-5, 1.0)]
    [1.0, 10.0, 100.0, 0.1]

    Sources: WULCA, AWARE.
    """
    return 100.0 if amd <= 0.0 else min(100.0, max(0.1, AMD_WORLD / amd))


def water_scarcity(withdrawn_m3: float, returned_m3: float, amd: float) -> float:
    """Scarcity footprint of water consumed (withdrawn - returned to the same basin) [m3 world-eq]."""
    return (withdrawn_m3 - returned_m3) * aware_factor(amd)


@dataclass(frozen=True, slots=True)
class Circularity:
    """Linear flow index and material circularity indicator, each 0..1."""

    lfi: float
    mci: float


def material_circularity(
    mass: float,
    virgin: float,
    waste: float,
    waste_feedstock: float = 0.0,
    waste_collection: float = 0.0,
    utility: float = 1.0,
) -> Circularity:
    """Material circularity: MCI = max(0, 1 - LFI x 0.9/X), LFI = (V+W)/(2M+(WF-WC)/2).

    Args:
        mass: M. virgin: V = M(1-Fr-Fu). waste: W = W0 + (WF+WC)/2. waste_feedstock: WF.
        waste_collection: WC. All [kg].
        utility: X = (L/Lav)(U/Uav).

    >>> material_circularity(1, 0, 0)
    Circularity(lfi=0.0, mci=1.0)

    Sources: Ellen MacArthur Foundation, Circularity Indicators.
    """
    lfi = (virgin + waste) / (2.0 * mass + (waste_feedstock - waste_collection) / 2.0)
    return Circularity(lfi, max(0.0, 1.0 - lfi * 0.9 / utility))


def o2_corrected(measured: float, o2_measured: float, o2_reference: float) -> float:
    """Concentration at the reference oxygen: E x (21-O2ref)/(21-O2) [unit of `measured`]; dry gas, O2 in %.

    >>> round(o2_corrected(100, 8.0, 3.0), 3)
    138.462

    Raises:
        ValueError: There is nearly no flue gas (oxygen of 20 % or more): no figure can be had.

    Sources: Directive 2010/75/EU, Annexes V and VI.
    """
    if o2_measured >= 20.0:
        raise ValueError(
            f"oxygen is {o2_measured} %: that is air and no flue gas; leave such times out"
        )
    return measured * (21.0 - o2_reference) / (21.0 - o2_measured)


def day_is_valid(discarded_half_hours: int, allowed: int = 5) -> bool:
    """Whether a daily mean may be formed: at most 5 half-hourly means discarded.

    >>> day_is_valid(6)
    False

    Sources: Directive 2010/75/EU, Annex VI part 8.
    """
    return discarded_half_hours <= allowed


def nox_as_no2(no_kg: float, no2_kg: float = 0.0) -> float:
    """NOx counted as NO2: NO x 46/30 + NO2 [kg].

    >>> nox_as_no2(30)
    46.0
    """
    return no_kg * 46.0 / 30.0 + no2_kg


def noise_exposure(laeq_db: Sequence[float], hours: Sequence[float]) -> float:
    """Daily noise exposure LEX,8h = 10 lg(sum(h x 10^(L/10))/8) [dB(A)]: an energy mean, not an arithmetic one.

    >>> round(noise_exposure([88], [4]), 2)
    84.99

    Sources: ISO 9612; Directive 2003/10/EC.
    """
    return 10.0 * math.log10(
        sum(h * 10.0 ** (level / 10.0) for level, h in zip(laeq_db, hours, strict=True)) / 8.0
    )


def wbgt_indoor(natural_wet_bulb_degc: float, globe_degc: float) -> float:
    """Wet bulb globe temperature without sun: 0.7 tnw + 0.3 tg [degC].

    >>> wbgt_indoor(25, 35)
    28.0

    Sources: ISO 7243:2017.
    """
    return 0.7 * natural_wet_bulb_degc + 0.3 * globe_degc


def wbgt_outdoor(natural_wet_bulb_degc: float, globe_degc: float, air_degc: float) -> float:
    """Wet bulb globe temperature in the sun: 0.7 tnw + 0.2 tg + 0.1 ta [degC].

    >>> wbgt_outdoor(25, 35, 30)
    27.5

    Sources: ISO 7243:2017.
    """
    return 0.7 * natural_wet_bulb_degc + 0.2 * globe_degc + 0.1 * air_degc
