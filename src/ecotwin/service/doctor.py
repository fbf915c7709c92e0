"""What this machine has and lacks, with how to get it."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import sys
from typing import Any

from ecotwin.service.app import PAGES


def examine() -> list[dict[str, Any]]:
    """Rows of name, ok, optional and a sentence."""
    rows = [
        _row(
            "Python",
            sys.version_info >= (3, 11),
            f"{platform.python_version()} (3.11 or newer is needed)",
        ),
        _row(
            "pages",
            (PAGES / "index.html").exists(),
            "built" if (PAGES / "index.html").exists() else "not built: run `make pages`",
        ),
        _program(
            "mosquitto", "a broker for your plant; the demo brings a small one of its own", True
        ),
        _program("chromium", "for the browser tests only", True),
        _module("amqtt", "the demo's own broker", "pip install 'ecotwin[demo]'", True),
        _module("fastapi", "the page and its API", "pip install 'ecotwin[web]'", False),
        _module("uvicorn", "the page and its API", "pip install 'ecotwin[web]'", False),
    ]
    free = shutil.disk_usage(".").free
    rows.append(_row("disk", free > 2e9, f"{free / 1e9:.0f} GB free here (2 GB or more is wise)"))
    return rows


def _row(name: str, ok: bool, text: str, optional: bool = False) -> dict[str, Any]:
    return {"name": name, "ok": ok, "optional": optional, "text": text}


def _program(name: str, use: str, optional: bool) -> dict[str, Any]:
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    text = f"{path}; {use}" if path else f"not found: `apt-get install {name}`; {use}"
    return _row(name, path is not None, text, optional)


def _module(name: str, use: str, get: str, optional: bool) -> dict[str, Any]:
    there = importlib.util.find_spec(name) is not None
    return _row(
        name, there, f"installed; {use}" if there else f"not installed: {get}; {use}", optional
    )
