"""OpenDSM's daily model on the same variants, run by another interpreter that has `opendsm`.

Reads a JSON file of cases and writes, for each, the expected sum and the residuals' figures from which
ASHRAE 14's interval follows. It imports nothing of ecotwin.
"""

import importlib
import json
import sys
import warnings
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore")


def one(case: dict[str, Any]) -> dict[str, Any]:
    """One case."""
    import numpy as np

    pd = importlib.import_module("pandas")
    eemeter = importlib.import_module("opendsm.eemeter")

    at = pd.to_datetime(np.array(case["at_s"]), unit="s").tz_localize("Etc/GMT+6")
    used = pd.Series(case["target"], index=at, name="observed", dtype=float)
    hours = pd.to_datetime(np.array(case["hour_s"]), unit="s").tz_localize("Etc/GMT+6")
    degrees = pd.Series(case["degrees"], index=hours, name="temperature")
    until = pd.Timestamp(case["until_s"], unit="s").tz_localize("Etc/GMT+6")
    after = pd.Timestamp(case["after_s"], unit="s").tz_localize("Etc/GMT+6")
    first = until - pd.Timedelta(days=365)
    mask = (used.index >= first) & (used.index < until)
    warm = (degrees.index >= first) & (degrees.index < until)
    electric = case["electric"]
    base = eemeter.DailyBaselineData.from_series(
        used[mask], degrees[warm], is_electricity_data=electric
    )
    model = eemeter.DailyModel().fit(base, ignore_disqualification=True)
    fitted = model.predict(base, ignore_disqualification=True).dropna(
        subset=["observed", "predicted"]
    )
    later = used[used.index >= after]
    told = eemeter.DailyReportingData.from_series(
        later, degrees[degrees.index >= after], is_electricity_data=electric
    )
    made = model.predict(told, ignore_disqualification=True).dropna(
        subset=["observed", "predicted"]
    )
    rest = (fitted["observed"] - fitted["predicted"]).to_numpy()
    d = rest - rest.mean()
    return {
        "seed": case["seed"],
        "expected": float(made["predicted"].sum()),
        "actual": float(made["observed"].sum()),
        "later": len(made),
        "base": len(rest),
        "sse": float((rest**2).sum()),
        "mean": float(fitted["observed"].mean()),
        "rho": float((d[1:] * d[:-1]).sum() / (d**2).sum()),
    }


def main() -> None:
    """All cases."""
    cases = json.loads(Path(sys.argv[1]).read_text())
    out: list[dict[str, Any]] = []
    for case in cases:
        try:
            out.append(one(case))
        except Exception as fault:
            out.append({"seed": case["seed"], "fault": f"{type(fault).__name__}: {fault}"})
        Path(sys.argv[2]).write_text(json.dumps(out))


if __name__ == "__main__":
    main()
