"""Makes web/src/api/types.ts from ecotwin.service.views; `--check` says whether it is stale."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from ecotwin.service import views

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "web/src/api/types.ts"
HEADER = "// Made by `python scripts/api_types.py` from ecotwin.service.views. Do not edit.\n"
PLAIN = {
    "string": "string",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "null": "null",
}


def ts(schema: dict[str, Any]) -> str:
    """The TypeScript type of a JSON schema node."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "enum" in schema:
        return " | ".join(f'"{value}"' for value in schema["enum"])
    if "const" in schema:
        return f'"{schema["const"]}"'
    if "anyOf" in schema:
        return " | ".join(ts(part) for part in schema["anyOf"])
    kind = schema.get("type")
    if kind == "array":
        if "prefixItems" in schema:
            return "[" + ", ".join(ts(part) for part in schema["prefixItems"]) + "]"
        inner = ts(schema["items"])
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    if isinstance(kind, str) and kind in PLAIN:
        return PLAIN[kind]
    raise ValueError(f"no TypeScript type for {schema}; teach scripts/api_types.py about it")


def text() -> str:
    """The whole file."""
    models = [
        model
        for model in vars(views).values()
        if isinstance(model, type) and issubclass(model, views.View) and model is not views.View
    ]
    _, root = models_json_schema([(model, "serialization") for model in models])
    parts = [HEADER]
    for name, schema in sorted(root["$defs"].items()):
        first = str(schema.get("description", "")).split("\n", 1)[0]
        fields = [f"  readonly {key}: {ts(part)};" for key, part in schema["properties"].items()]
        opening = [f"/** {first} */", f"export interface {name} {{"]
        parts.append("\n".join([*opening, *fields, "}", ""]))
    parts.append(f"export type Level = {ts(root['$defs']['Headline']['properties']['level'])};\n")
    return "\n".join(parts)


def main() -> int:
    """Writes the types, or with --check compares; 1 when stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when stale")
    options = parser.parse_args()
    made = text()
    if options.check:
        if TARGET.is_file() and TARGET.read_text("utf-8") == made:
            return 0
        print(f"{TARGET.name} is stale. Run: python scripts/api_types.py", file=sys.stderr)
        return 1
    TARGET.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
