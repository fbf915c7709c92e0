"""A reaction with one that follows and one beside (van de Vusse): A -> B -> C and 2 A -> D, in a stirred tank.

B is wanted. A takes up water to B, B takes up water to C (cyclopentadiene, cyclopentenol, cyclopentanediol); D is the
dimer. Concentrations of five substances (A, B, C, D, water) in mol/L at constant density and volume; rate constants
k = k0 exp(-E / T). Water is a solvent in excess and does not enter the rates, but it is taken up, so that mass is kept.

Sources:
    van de Vusse, Chem. Eng. Sci. 19 (1964) 994-997. Constants and heats of reaction: Chen, Kremling and Allgoewer, ECC
    1995, 3247-3252; Klatt and Engell, Comp. Chem. Eng. 22 (1998) 491-502.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ecotwin.records import Floats

SUBSTANCES = ("reactant", "wanted", "follow_up", "dimer", "water")
"""A, B, C, D and the solvent, in the order of every array of substances."""
KELVIN = 273.15


@njit(cache=True, inline="always")
def constants(rate: Floats, t_c: float) -> tuple[float, float, float]:
    """k1 [1/h], k2 [1/h], k3 [L/(mol h)] at a temperature; `rate` holds k0 and E [K] of each in turn."""
    t = t_c + 273.15
    return (
        float(rate[0] * np.exp(-rate[1] / t)),
        float(rate[2] * np.exp(-rate[3] / t)),
        float(rate[4] * np.exp(-rate[5] / t)),
    )


@njit(cache=True)
def steady(rate: Floats, t_c: float, space_per_h: float, fed: float) -> Floats:
    """Concentrations that stay, at a held temperature [5; the last is the water taken up, below zero].

    The balance of A is a quadratic, those of B, C and D follow one by one.

    Args:
        rate: k0 and E of the three reactions. t_c: Temperature [degC].
        space_per_h: Feed by volume [1/h], the inverse of the residence time. fed: A in the feed [mol/L].

    >>> rate = np.array([1.287e12, 9758.3, 1.287e12, 9758.3, 9.043e9, 8560.0])
    >>> [round(float(c), 2) for c in steady(rate, 114.2, 14.19, 5.1)[:2]]
    [2.14, 1.09]
    """
    k1, k2, k3 = constants(rate, t_c)
    out = np.zeros(5)
    linear = space_per_h + k1
    # The root in the form that does not lose digits when k3 is small.
    out[0] = 2.0 * space_per_h * fed / (linear + np.sqrt(linear**2 + 4.0 * k3 * space_per_h * fed))
    out[1] = k1 * out[0] / (space_per_h + k2)
    out[2] = k2 * out[1] / space_per_h
    out[3] = 0.5 * k3 * out[0] ** 2 / space_per_h
    out[4] = -(k1 * out[0] + k2 * out[1]) / space_per_h
    return out


@njit(cache=True, inline="always")
def _made(rate: Floats, mol: Floats, t_c: float) -> tuple[float, float, float]:
    k1, k2, k3 = constants(rate, t_c)
    return k1 * mol[0], k2 * mol[1], k3 * mol[0] * mol[0]


@njit(cache=True)
def react(
    mol: Floats,
    temperature_c: Floats,
    rate: Floats,
    heat: Floats,
    flow_m3_h: Floats,
    fed: Floats,
    inlet_c: Floats,
    aim_c: Floats,
    volume_m3: Floats,
    thermal: Floats,
    coolant_c: Floats,
    spare_kw: Floats,
    seconds: float,
    parts: int,
    out: Floats,
    duty: Floats,
) -> None:
    """All runs go on by one step, in small explicit parts; what flows out is summed with the same numbers.

    The temperature is held by the jacket as long as it can take the heat, and by more heat in the feed as long as the
    heater has some to spare; else it drifts as the balance says.

    Args:
        mol: [runs, 5] concentrations [mol/L], changed. temperature_c: [runs], changed. rate: [runs, 6].
        heat: [runs, 3] heats of reaction [kJ/mol]. flow_m3_h: [runs]. fed: [runs, 5] in the feed [mol/L].
        inlet_c: [runs] feed [degC]. aim_c: [runs] wanted temperature. volume_m3: [runs].
        thermal: [runs, 2] density x heat capacity [kJ/(m3 K)], heat transfer coefficient by surface [kW/K].
        coolant_c: [runs] mean temperature of the coolant. spare_kw: [runs] most that the feed heater can add.
        seconds: Length of the step. parts: Number of parts. out: [runs, 5] kmol that left, set.
        duty: [runs, 3] kWh to the jacket, kWh added by the heater, kWh set free by the reactions; set.
    """
    dt = seconds / 3600.0 / parts
    for r in range(len(flow_m3_h)):
        capacity = volume_m3[r] * thermal[r, 0]
        q = flow_m3_h[r]
        out[r, :] = 0.0
        duty[r, :] = 0.0
        for _ in range(parts):
            r1, r2, r3 = _made(rate[r], mol[r], temperature_c[r])
            free_kw = -(heat[r, 0] * r1 + heat[r, 1] * r2 + heat[r, 2] * r3) * volume_m3[r] / 3.6
            flow_kw = q * thermal[r, 0] / 3600.0 * (inlet_c[r] - temperature_c[r])
            wish_kw = capacity * (aim_c[r] - temperature_c[r]) / 300.0
            surplus = free_kw + flow_kw - wish_kw
            jacket = min(
                max(0.0, surplus), max(0.0, thermal[r, 1] * (temperature_c[r] - coolant_c[r]))
            )
            added = min(max(0.0, -surplus), spare_kw[r])
            space = q / volume_m3[r]
            makes = (-r1 - r3, r1 - r2, r2, 0.5 * r3, -r1 - r2)
            for i in range(5):
                out[r, i] += q * mol[r, i] * dt
                mol[r, i] += (space * (fed[r, i] - mol[r, i]) + makes[i]) * dt
            temperature_c[r] += (free_kw + flow_kw + added - jacket) * dt * 3600.0 / capacity
            duty[r, 0] += jacket * dt
            duty[r, 1] += added * dt
            duty[r, 2] += free_kw * dt
