"""Reads the foreign models of a plant, so that the simulation can be handed them."""

from __future__ import annotations

from collections.abc import Mapping

from ecotwin.connectors.foreign_model import ForeignModel, load
from ecotwin.errors import FileFault
from ecotwin.plant import Plant


def foreign_models(plant: Plant) -> Mapping[str, ForeignModel]:
    """Machine id -> its model, for `Case.foreign`; empty when the plant has no machine of kind `fmu`.

    Raises:
        FileFault: Models that cannot be used; all are named.
    """
    models, faults = _read(plant)
    if faults:
        for model in models.values():
            model.close()
        raise FileFault(" ".join(faults))
    return models


def misfits(plant: Plant) -> tuple[str, ...]:
    """What is wrong with the foreign models of a plant, one text a machine; they are not run."""
    models, faults = _read(plant)
    for model in models.values():
        model.close()
    return tuple(faults)


def _read(plant: Plant) -> tuple[dict[str, ForeignModel], list[str]]:
    models: dict[str, ForeignModel] = {}
    faults: list[str] = []
    for machine in plant.machines:
        if machine.model is None:
            continue
        try:
            models[machine.id] = load(machine.id, machine.model)
        except FileFault as fault:
            faults.append(str(fault))
    return models, faults
