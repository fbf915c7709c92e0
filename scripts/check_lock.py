"""Checks the lock files: hashes for all, no addresses, and every declared dependency pinned within its bounds."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from lock import declared
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]


def pins(path: Path) -> dict[str, str]:
    """Name -> version of a lock file."""
    found = re.findall(r"^([A-Za-z0-9_.\-]+)==([^\s;\\]+)", path.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def faults() -> list[str]:
    """Everything that is wrong with the locks, one sentence each."""
    run, dev = declared()
    wanted = {"run.txt": run, "dev.txt": run + dev}
    wrong = []
    for name, requirements in wanted.items():
        path = ROOT / "lock" / name
        text = path.read_text()
        if "://" in text:
            wrong.append(f"lock/{name} holds an address: run `make lock`.")
        have = pins(path)
        wrong += [
            f"lock/{name}: {pin} has no hash: run `make lock`."
            for pin, block in zip(
                have, re.split(r"^(?=[A-Za-z0-9_.\-]+==)", text, flags=re.M)[1:], strict=True
            )
            if "--hash=sha256:" not in block
        ]
        for requirement in map(Requirement, requirements):
            key = re.sub(r"[-_.]+", "-", requirement.name).lower()
            if key == "ecotwin":
                continue
            if key not in have:
                wrong.append(f"lock/{name} lacks {requirement.name}: run `make lock`.")
            elif not requirement.specifier.contains(have[key], prereleases=True):
                wrong.append(
                    f"lock/{name} pins {key} {have[key]}, but pyproject wants {requirement}."
                )
    package_lock = ROOT / "web" / "package-lock.json"
    if package_lock.exists():
        packages = json.loads(package_lock.read_text())["packages"]
        if any("resolved" in package for package in packages.values()):
            wrong.append(
                "web/package-lock.json holds `resolved` addresses: run npm install in web/ anew."
            )
    return wrong


if __name__ == "__main__":
    found = faults()
    print("\n".join(found) or "The locks are sound.")
    sys.exit(bool(found))
