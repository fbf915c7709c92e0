"""The package's tables: one file a trade (`stations.csv`, `stations_filling.csv` ...), read as one."""

from __future__ import annotations

from importlib.resources import files


def tables(begins: str) -> list[str]:
    """Texts of the tables `<begins>.csv` and `<begins>_*.csv`, in the order of their names.

    >>> len(tables("stations")) >= 2
    True
    """
    folder = files("ecotwin_standin")
    found = (f for f in folder.iterdir() if f.name.endswith(".csv"))
    mine = (f for f in found if f.name == f"{begins}.csv" or f.name.startswith(f"{begins}_"))
    return [f.read_text(encoding="utf-8") for f in sorted(mine, key=lambda f: f.name)]
