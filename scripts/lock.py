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


def declared() -> tuple[list[str], list[str]]:
    """What pyproject.toml asks for: to run (with all extras and the build), and to develop on top."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run = project["project"]["dependencies"] + project["build-system"]["requires"]
    for extra in project["project"]["optional-dependencies"].values():
        run += [requirement for requirement in extra if not requirement.startswith("ecotwin[")]
    return run, project["dependency-groups"]["dev"]


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
    """Pin what a user needs, then what a developer needs on top of the very same versions."""
    run, dev = declared()
    compile_lock("run.txt", run)
    compile_lock("dev.txt", run + dev, "--constraint", str(ROOT / "lock" / "run.txt"))


if __name__ == "__main__":
    main()
