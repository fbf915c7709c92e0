"""Writes the API's description to docs/openapi.json; `--check` says whether it is stale."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ecotwin.service.app import described

TARGET = Path(__file__).parents[1] / "docs" / "openapi.json"


def text() -> str:
    """The description as it is now."""
    return json.dumps(described().openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> int:
    """Write it, or check it."""
    if "--check" in sys.argv:
        if TARGET.read_text() == text():
            return 0
        print("docs/openapi.json is stale: run `python scripts/openapi.py` and commit it.")
        return 1
    TARGET.write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
