"""The gas path of a two-spool turbofan with separate nozzles, matched off design from fan speed to fuel flow.

Both turbine throats are choked, so the high-pressure turbine works at one pressure ratio; fan and core nozzle may be
choked or not. The fan's temperature rise stands for its speed (constant work coefficient); the burner's exit
temperature is what the low-pressure shaft's balance asks for. Wear lowers efficiencies: the same fan speed then needs
a hotter core and more fuel.

Sources:
    Mattingly, Elements of Propulsion (2nd ed., AIAA 2016), ch. 8: off-design of engines with choked turbine throats.
    NOx: P3-T3 form EI ~ P3^0.4 exp(T3/b) (Daggett et al., NASA/CR-2004-212957: b = 349.9 R for a low-NOx combustor);
    b = 300 K here spreads idle to take-off as indices of the class do (4 to 29 g/kg); humidity exp(-19 (w - 0.0063)).
    ISA: ISO 2533.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, sqrt

G0, R_AIR, SEA_K, SEA_PA = 9.80665, 287.053, 288.15, 101_325.0
_CP_C, _CP_H, _CP_B = 1012.0, 1158.0, 1190.0
"""Cold air, hot gas and mean of the burner [J/(kg K)]."""
_G_C, _G_H = 1.398, 1.330
_EC, _EH = (_G_C - 1.0) / _G_C, (_G_H - 1.0) / _G_H
_LHV = 43.1e6


def air(altitude_m: float, shift_k: float = 0.0) -> tuple[float, float]:
    """Temperature [K] and pressure [Pa] of the standard atmosphere, the temperature shifted by `shift_k`.

    >>> [round(x, 1) for x in air(11_000.0)]
    [216.6, 22632.0]
    """
    if altitude_m <= 11_000.0:
        t = SEA_K - 0.0065 * altitude_m
        p = SEA_PA * (t / SEA_K) ** 5.25588
    else:
        t = 216.65
        p = 22_632.0 * exp(-G0 * (altitude_m - 11_000.0) / (R_AIR * t))
    return t + shift_k, p


@dataclass(slots=True)
class Health:
    """Efficiency lost to wear and dirt, each a share of the sound value; 0 is as built.

    Attributes:
        fan, hpc, hpt, lpt: Points of efficiency lost. flow: Flow capacity lost by the dirty compressor.
    """

    fan: float = 0.0
    hpc: float = 0.0
    hpt: float = 0.0
    lpt: float = 0.0
    flow: float = 0.0


@dataclass(slots=True)
class Point:
    """What the engine does at one operating point; temperatures total [K], pressures total [Pa]."""

    thrust_n: float
    fuel_kg_s: float
    t2: float
    p2: float
    t24: float
    t30: float
    t4: float
    t50: float
    p15: float
    p30: float
    p50: float
    core_kg_s: float
    bypass_kg_s: float
    n1_rpm: float
    n2_rpm: float
    far: float


@dataclass(frozen=True)
class Build:
    """One engine as it was built: efficiencies and areas differ a little from engine to engine.

    Attributes:
        fan_eff, boost_eff, hpc_eff, hpt_eff, lpt_eff: Adiabatic efficiencies. areas: From `sized`.
    """

    fan_eff: float = 0.895
    boost_eff: float = 0.875
    hpc_eff: float = 0.853
    hpt_eff: float = 0.895
    lpt_eff: float = 0.908


# Design point: sea level static, standard day, rated thrust (an invented engine in the class of the CFM56-7B).
_FAN_PR, _BOOST_PR, _HPC_PR, _T4_D, _BPR_D, _RATED_N = 1.63, 2.15, 12.9, 1612.0, 5.3, 117_500.0
_N1_D, _N2_D = 5180.0, 14_460.0
_BURNER_DP, _SHAFT, _BLEED, _BURNER_EFF = 0.045, 0.99, 0.02, 0.995


@dataclass(frozen=True)
class Sizes:
    """Areas and design rises that follow from the design point."""

    fan_k: float
    hub_k: float
    hpc_k: float
    hpt_ratio: float
    k4: float
    k45: float
    a8: float
    a18: float


def _mach_flow(ratio: float, gamma: float) -> tuple[float, float]:
    """Flow function w sqrt(R T)/(p A) and jet speed over sqrt(R T) of a convergent nozzle at p/p_ambient."""
    critical = ((gamma + 1.0) / 2.0) ** (gamma / (gamma - 1.0))
    if ratio <= 1.0005:
        ratio = 1.0005
    used = min(ratio, critical)
    e = (gamma - 1.0) / gamma
    tau = used**-e
    speed = sqrt(2.0 / e * (1.0 - tau))
    return speed / tau / used, speed


def _nozzle(p: float, t: float, p0: float, area: float, gamma: float) -> tuple[float, float]:
    """Flow [kg/s] and gross thrust [N] of a convergent nozzle."""
    flow_fn, speed = _mach_flow(p / p0, gamma)
    root = sqrt(R_AIR * t)
    w = flow_fn * p * area / root
    critical = ((gamma + 1.0) / 2.0) ** (gamma / (gamma - 1.0))
    pressure = p / critical - p0 if p / p0 > critical else 0.0
    return w, w * speed * root * 0.985 + pressure * area


def _hpt_temp(ratio: float, eff: float) -> float:
    return 1.0 - eff * (1.0 - float(ratio**-_EH))


def sized(build: Build) -> Sizes:
    """Areas for a build, so that a sound nominal engine gives rated thrust at its design point."""
    t2, p2 = SEA_K, SEA_PA
    fan_k = t2 * (_FAN_PR**_EC - 1.0) / build.fan_eff
    hub_k = t2 * (_BOOST_PR**_EC - 1.0) / build.boost_eff
    t25 = t2 + hub_k
    hpc_k = t25 * (_HPC_PR**_EC - 1.0) / build.hpc_eff
    t3, p3 = t25 + hpc_k, p2 * _BOOST_PR * _HPC_PR
    far = _CP_B * (_T4_D - t3) / (_BURNER_EFF * _LHV)
    gas = (1.0 - _BLEED) * (1.0 + far)
    t45 = _T4_D - _CP_C * hpc_k / (_SHAFT * _CP_H * gas)
    ratio = (1.0 - (1.0 - t45 / _T4_D) / build.hpt_eff) ** (-1.0 / _EH)
    p4 = p3 * (1.0 - _BURNER_DP)
    p45 = p4 / ratio
    t5 = t45 - _CP_C * (hub_k + _BPR_D * fan_k) / (_SHAFT * _CP_H * gas)
    p5 = p45 * (1.0 - (1.0 - t5 / t45) / build.lpt_eff) ** (1.0 / _EH)
    t13, p13 = t2 + fan_k, p2 * _FAN_PR * 0.985
    w_core = 1.0
    for _ in range(3):
        a8 = w_core * gas * sqrt(R_AIR * t5) / (_mach_flow(p5 / p2, _G_H)[0] * p5)
        a18 = _BPR_D * w_core * sqrt(R_AIR * t13) / (_mach_flow(p13 / p2, _G_C)[0] * p13)
        thrust = _nozzle(p5, t5, p2, a8, _G_H)[1] + _nozzle(p13, t13, p2, a18, _G_C)[1]
        w_core *= _RATED_N / thrust
    k4 = w_core * gas * sqrt(_T4_D) / p4
    k45 = w_core * gas * sqrt(t45) / p45
    return Sizes(fan_k, hub_k, hpc_k, ratio, k4, k45, a8, a18)


NOMINAL = sized(Build())


def _root(
    core: Callable[[float], tuple[float, ...]], start: float
) -> tuple[float, tuple[float, ...]]:
    """Burner temperature at which the low-pressure shaft is in balance (surplus grows with it)."""
    low, high = 300.0, 2600.0
    t4, found = start, core(start)
    last = (t4, found[0])
    t4 *= (1.0 + max(-0.8, found[0])) ** -0.3
    for _ in range(80):
        found = core(t4)
        if abs(found[0]) < 1e-7:
            break
        if found[0] > 0.0:
            high = t4
        else:
            low = t4
        slope = (found[0] - last[1]) / (t4 - last[0]) if t4 != last[0] else 0.0
        last = (t4, found[0])
        guess = t4 - found[0] / slope if slope > 0.0 else 0.0
        t4 = guess if low < guess < high else 0.5 * (low + high)
    return t4, found


class GasPath:
    """One engine's gas path.

    Args:
        build: Its own efficiencies; the areas are those of the drawing.

    >>> path = GasPath(Build())
    >>> point = path.at_thrust(117_500.0, 288.15, 101_325.0, 0.0, Health())
    >>> 1.1 < point.fuel_kg_s < 1.3
    True
    """

    def __init__(self, build: Build) -> None:
        self.build = build
        self._rise = 1.0
        self._t4 = _T4_D
        self._lpt = 4.0

    def at_thrust(
        self, thrust_n: float, t0: float, p0: float, mach: float, health: Health
    ) -> Point:
        """The point that gives a net thrust, found from where the engine was before."""
        rise = self._rise
        point = self.at_rise(rise, t0, p0, mach, health)
        for _ in range(12):
            have = max(200.0, point.thrust_n + 0.02 * _RATED_N * p0 / SEA_PA)
            want = max(200.0, thrust_n + 0.02 * _RATED_N * p0 / SEA_PA)
            if abs(have / want - 1.0) < 2e-4:
                break
            rise = min(1.35, max(0.05, rise * (want / have) ** 0.8))
            point = self.at_rise(rise, t0, p0, mach, health)
        self._rise = rise
        return point

    def at_rise(self, rise: float, t0: float, p0: float, mach: float, health: Health) -> Point:
        """The point at a fan speed, told as its temperature rise over the design's (for an inlet of 288.15 K)."""
        b, s = self.build, NOMINAL
        t2 = t0 * (1.0 + 0.2 * mach * mach)
        p2 = p0 * (t2 / t0) ** 3.5 * 0.995
        fan_k, hub_k = s.fan_k * rise, s.hub_k * rise
        t13, t24 = t2 + fan_k, t2 + hub_k
        p13 = p2 * (1.0 + (b.fan_eff - health.fan) * fan_k / t2) ** (1.0 / _EC)
        p24 = p2 * (1.0 + (b.boost_eff - 0.6 * health.fan) * hub_k / t2) ** (1.0 / _EC)
        w_b, f_b = _nozzle(p13 * 0.985, t13, p0, s.a18, _G_C)
        hpt_ratio, hpt_tau = self._hpt(b.hpt_eff - health.hpt)
        hpc_eff, lpt_eff = b.hpc_eff - health.hpc, b.lpt_eff - health.lpt

        def core(t4: float) -> tuple[float, float, float, float, float, float, float]:
            hpc_k = _SHAFT * _CP_H * (1.0 - _BLEED) * 1.024 * t4 * (1.0 - hpt_tau) / _CP_C
            t3 = t24 + hpc_k
            p3 = p24 * (1.0 + hpc_eff * hpc_k / t24) ** (1.0 / _EC)
            far = max(0.001, _CP_B * (t4 - t3) / (_BURNER_EFF * _LHV))
            gas_w = s.k4 * p3 * (1.0 - _BURNER_DP) / sqrt(t4)
            w_c = gas_w / ((1.0 - _BLEED) * (1.0 + far))
            p45 = p3 * (1.0 - _BURNER_DP) / hpt_ratio
            t5, p5 = self._match_lpt(gas_w, t4 * hpt_tau, p45, p0, lpt_eff)
            need = _CP_C * (w_c * hub_k + w_b * fan_k)
            have = _SHAFT * _CP_H * gas_w * (t4 * hpt_tau - t5)
            return have / need - 1.0, t3, p3, far, w_c, t5, p5

        t4, (_, t3, p3, far, w_c, t5, p5) = _root(core, self._t4)
        hpc_k = t3 - t24
        self._t4 = t4
        f_c = _nozzle(p5, t5, p0, s.a8, _G_H)[1]
        speed = mach * sqrt(1.4 * R_AIR * t0)
        thrust = f_c + f_b - (w_c + w_b) * speed
        return Point(
            thrust, far * (1.0 - _BLEED) * w_c, t2, p2, t24, t3, t4, t5, p13, p3, p5, w_c, w_b,
            _N1_D * sqrt(rise), _N2_D * sqrt(hpc_k / s.hpc_k) * (1.0 + 0.55 * health.flow), far,
        )  # fmt: skip

    def _hpt(self, eff: float) -> tuple[float, float]:
        """Pressure and temperature ratio of the turbine between two choked throats."""
        s = NOMINAL
        ratio = s.hpt_ratio
        target = s.k45 / s.k4
        for _ in range(30):
            tau = _hpt_temp(ratio, eff)
            new = target / sqrt(tau)
            if abs(new - ratio) < 1e-9:
                break
            ratio = new
        return ratio, _hpt_temp(ratio, eff)

    def _match_lpt(
        self, w: float, t45: float, p45: float, p0: float, eff: float
    ) -> tuple[float, float]:
        """Temperature and pressure behind the turbine at which the nozzle passes the flow."""
        s = NOMINAL
        low, high = 1.0001, max(1.001, min(12.0, p45 / (1.0005 * p0)))
        ratio = min(max(self._lpt, low), high)
        for _ in range(60):
            t5 = t45 * (1.0 - eff * (1.0 - ratio**-_EH))
            p5 = p45 / ratio
            excess = _nozzle(p5, t5, p0, s.a8, _G_H)[0] / w - 1.0
            if abs(excess) < 1e-7 or high - low < 1e-9:
                break
            if excess > 0.0:
                low = ratio
            else:
                high = ratio
            guess = ratio * (1.0 + excess) ** 0.8 if excess > -0.9 else 0.5 * (low + high)
            ratio = guess if low < guess < high else 0.5 * (low + high)
        self._lpt = ratio
        return t5, p5


def nox_g_per_kg(point: Point, water_kg_kg: float, scale: float) -> float:
    """NOx index of the combustor [g NO2/kg fuel] from its inlet.

    `scale` is this engine's own index at 2.77 MPa and 834 K.
    """
    return (
        scale
        * float((point.p30 / 2.77e6) ** 0.4)
        * exp((point.t30 - 834.0) / 300.0)
        * exp(-19.0 * (water_kg_kg - 0.0063))
    )


def co_g_per_kg(point: Point, scale: float) -> float:
    """CO index [g/kg]: falls steeply as the combustor gets hotter."""
    return scale * exp(-(point.t30 - 460.0) / 75.0) + 0.2
