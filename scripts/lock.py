"""Pins every dependency: names, versions and hashes, never an index address."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMON = [
    sys.executable, "-m", "piptools", "compile", "--quiet", "--generate-hashes", "--allow-unsafe",
    "--strip-extras", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links",
    "--no-emit-trusted-host",
]  # fmt: skip


RUN = ("web", "demo", "reports", "simulation", "ml")
"""Extras that `make demo` installs; the others come with the developers' tools."""


def declared() -> tuple[list[str], list[str]]:
    """What pyproject.toml asks for: to run (with the build), and to develop on top (with all extras)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run = project["project"]["dependencies"] + project["build-system"]["requires"]
    dev = list(project["dependency-groups"]["dev"])
    for name, extra in project["project"]["optional-dependencies"].items():
        wanted = [requirement for requirement in extra if not requirement.startswith("ecotwin[")]
        (run if name in RUN else dev).extend(wanted)
    return run, dev


def compile_lock(output: str, requirements: list[str], *options: str) -> None:
    """Write one lock file from a list of requirements."""
    target = ROOT / "lock" / output
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "wanted.in"
        source.write_text("\n".join(requirements) + "\n")
        command = [*COMMON, "--output-file", str(target), *options, str(source)]
        subprocess.run(command, check=True, cwd=ROOT)  # noqa: S603
    kept = [line for line in target.read_text().splitlines() if not line.startswith("--")]
    target.write_text("\n".join(kept).lstrip("\n") + "\n")


def main() -> None:
    """Pin what a developer needs with all extras, then what a user needs in the very same versions."""
    run, dev = declared()
    compile_lock("dev.txt", run + dev)
    compile_lock("run.txt", run, "--constraint", str(ROOT / "lock" / "dev.txt"))


if __name__ == "__main__":
    main()
