"""What the software has, the docs mention; what the docs say, the software has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
import typer.main

from ecotwin import plugs
from ecotwin.accounting.catalogue import indicators
from ecotwin.cli import app
from ecotwin.service.app import described
from ecotwin.settings import Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def _text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _commands() -> dict[str, typer.core.TyperCommand]:
    group = typer.main.get_command(app)
    found: dict[str, typer.core.TyperCommand] = dict(group.commands)  # type: ignore[attr-defined]
    assert len(found) >= 14
    return found


def test_every_command_is_in_the_docs_and_shows_an_example() -> None:
    text = _text("commands.md")
    for name, command in _commands().items():
        assert f"`ecotwin {name}" in text, f"docs/commands.md does not mention {name}"
        assert "Example: ecotwin " in (command.help or ""), f"{name} --help has no example"


def test_the_docs_name_no_command_that_is_not_there() -> None:
    named = set(re.findall(r"^\| `ecotwin ([a-z]+)", _text("commands.md"), flags=re.MULTILINE))
    assert named == set(_commands())


def test_every_setting_is_described_and_in_the_docs() -> None:
    text = _text("settings.md")
    for name, field in Settings.model_fields.items():
        assert field.description, f"setting {name} has no description"
        assert f"| `{name}` |" in text, f"docs/settings.md does not mention {name}"
        assert field.description in text, (
            f"docs/settings.md describes {name} otherwise than the code"
        )


def test_every_route_is_in_the_docs() -> None:
    text = _text("api.md")
    paths = described().openapi()["paths"]
    assert len(paths) >= 15
    for path, methods in paths.items():
        for method in methods:
            shown = f"{method.upper()} {path.removeprefix('/api/v1')}"
            assert shown in text, f"docs/api.md does not mention {shown}"


@pytest.mark.parametrize("room", plugs.ROOMS)
def test_every_plug_is_in_the_docs(room: str) -> None:
    text = _text("plugs.md")
    names = plugs.names(room)
    assert names, f"no plug was found in {room}"
    for name in names:
        assert f"`{name}`" in text, f"docs/plugs.md does not mention {room}.{name}"


def test_every_indicator_is_in_the_docs() -> None:
    text = _text("figures.md")
    known = indicators()
    assert len(known) >= 30
    for name in known:
        assert f"`{name}`" in text, f"docs/figures.md does not mention {name}"


def test_every_change_fragment_has_a_known_kind() -> None:
    fragments = [p for p in (ROOT / "changes").glob("*.md") if p.name != "README.md"]
    assert fragments
    for path in fragments:
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.(feature|fix|docs|figures)\.md", path.name), (
            path.name
        )


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(p.name[:4]) for p in (DOCS / "decisions").glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
