"""What a unit of each carrier costs, in money and in carbon, at a moment: from the plant file, never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from ecotwin.clock import Period
from ecotwin.plant import Plant, Tariff


class Prices:
    """Prices and grid carbon of one plant.

    Args:
        plant: The plant, with its tariffs and grid factors.
    """

    def __init__(self, plant: Plant) -> None:
        self._plant = plant

    def money(self, carrier: str, at: datetime) -> float | None:
        """Price of a carrier at a moment [currency/unit]; None when the plant file gives none."""
        tariff = self._plant.tariff(carrier)
        return None if tariff is None else _band_price(tariff, self._hour(at))

    def carbon(self, at: datetime) -> float | None:
        """Location-based grid carbon at a moment [kgCO2e/kWh]; None when none was given."""
        grid = self._plant.grid
        if grid is None:
            return None
        if grid.hourly:
            return grid.hourly[int(self._hour(at))]
        return grid.location

    def carbon_market(self) -> float | None:
        """Market-based carbon [kgCO2e/kWh]: contracts by their share, the rest at the residual mix.

        None when a part is covered by nothing that the plant file names. A contract that fails one of the eight
        quality criteria does not count (GHG Protocol Scope 2 Guidance, chapter 7).
        """
        grid = self._plant.grid
        if grid is None:
            return None
        left, total = 1.0, 0.0
        for contract in grid.contracts:
            if not all(contract.criteria.values()) or contract.hourly_kwh:
                continue
            share = min(contract.share, left)
            total += share * contract.factor
            left -= share
        if left <= 1e-12:
            return total
        return None if grid.residual is None else total + left * grid.residual

    def money_bands(self, carrier: str, period: Period) -> list[tuple[datetime, datetime, float]]:
        """Stretches of constant price inside a period."""
        return _merge((p, self.money(carrier, p.start)) for p in self._hours(period))

    def carbon_bands(self, period: Period) -> list[tuple[datetime, datetime, float]]:
        """Stretches of constant location-based carbon inside a period; empty when none was given."""
        return _merge((p, self.carbon(p.start)) for p in self._hours(period))

    def _hour(self, at: datetime) -> float:
        local = at.astimezone(self._plant.zone)
        return local.hour + local.minute / 60.0

    @staticmethod
    def _hours(period: Period) -> Iterator[Period]:
        """Quarter hours: tariff bands may begin at any of them."""
        moment = period.start
        while moment < period.end:
            floor = moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
            end = min(floor.astimezone(UTC) + timedelta(minutes=15), period.end)
            yield Period(moment, end)
            moment = end


def _band_price(tariff: Tariff, hour: float) -> float:
    for start, end, price in tariff.bands:
        if start <= hour < end:
            return price
    return tariff.price


def _merge(
    parts: Iterator[tuple[Period, float | None]],
) -> list[tuple[datetime, datetime, float]]:
    bands: list[tuple[datetime, datetime, float]] = []
    for period, value in parts:
        if value is None:
            continue
        if bands and bands[-1][1] == period.start and bands[-1][2] == value:
            bands[-1] = (bands[-1][0], period.end, value)
        else:
            bands.append((period.start, period.end, value))
    return bands
