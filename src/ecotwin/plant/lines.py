"""Reads YAML and remembers the line of every node.

Only JSON's types come out: text, numbers, true/false, null, lists and mappings. YAML 1.1's
surprises are left out on purpose: `off`, `no` and `14:30` are text (a machine state, a country, a
time of day).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int, ...]

MOST_NODES = 500_000
"""Larger than any plant file; stops a file whose aliases multiply without end."""


class _Loader(yaml.SafeLoader):
    """Resolves scalars as YAML 1.2's core schema does."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012


_SCALARS = (
    ("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), "tTfF"),
    ("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"),
        "-+0123456789.",
    ),
    ("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), "~nN\0"),
    ("tag:yaml.org,2002:merge", re.compile(r"^(?:<<)$"), "<"),
)
for _tag, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(_tag, _pattern, list(_first))
_Loader.yaml_implicit_resolvers.setdefault("", []).append(_SCALARS[3][:2])


class NotYaml(Exception):  # errors bear their fact as name, as in `errors`
    """The text is not YAML, or not of the kind we read; `line` counts from 1."""

    def __init__(self, line: int, found: str) -> None:
        self.line = line
        self.found = found
        super().__init__(found)


@dataclass
class Document:
    """A YAML text as plain data, with the line of every key and item.

    Attributes:
        data: The data. lines: Path -> line, counted from 1.
        doubles: Keys that stand twice in one mapping: (line, key).
    """

    data: Any
    lines: dict[Path, int] = field(default_factory=dict)
    doubles: list[tuple[int, str]] = field(default_factory=list)

    def cut(self, path: Path) -> None:
        """Take out a key of a mapping or an item of a list; items behind it keep their lines."""
        holder: Any = self.data
        for key in path[:-1]:
            holder = holder[key]
        gone, depth = path[-1], len(path) - 1
        if not isinstance(gone, int):
            holder.pop(gone, None)
            return
        holder.pop(gone)
        moved: dict[Path, int] = {}
        for known, line in self.lines.items():
            at = known[depth] if len(known) > depth and known[:depth] == path[:-1] else None
            if not isinstance(at, int) or at < gone:
                moved[known] = line
            elif at > gone:
                moved[(*known[:depth], at - 1, *known[depth + 1 :])] = line
        self.lines = moved

    def line(self, path: Path) -> int:
        """The line of a path, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(text: str) -> Document:
    r"""Read one YAML document.

    >>> found = read("a: off\nb:\n  - 14:30\n")
    >>> found.data, found.line(("b", 0))
    ({'a': 'off', 'b': ['14:30']}, 3)

    Raises:
        NotYaml: It cannot be read; with the line and what stands there.
    """
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as fault:
        open_since = fault.context in _OPEN and fault.context_mark
        mark = open_since or fault.problem_mark or fault.context_mark
        raise NotYaml(mark.line + 1 if mark else 1, _words(fault)) from None
    except yaml.YAMLError as fault:
        raise NotYaml(_line_of(text, fault), str(fault).splitlines()[0]) from None
    except RecursionError:
        raise NotYaml(1, "lists or mappings stand too deep in each other") from None
    document = Document(None)
    if node is not None:
        document.lines[()] = node.start_mark.line + 1
        document.data = _Builder(document).value(node, (), ())
    return document


_OPEN = (
    "while parsing a flow sequence",
    "while parsing a flow mapping",
    "while scanning a quoted scalar",
)
"""Contexts in which the fault is where something was opened, not where its end was missed."""


def _words(fault: yaml.MarkedYAMLError) -> str:
    parts = (fault.problem, fault.context)
    return ", ".join(part for part in parts if part) or "the text is not YAML"


def _line_of(text: str, fault: yaml.YAMLError) -> int:
    position = getattr(fault, "position", None)
    return text.count("\n", 0, position) + 1 if isinstance(position, int) else 1


class _Builder:
    """Turns nodes into data."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.nodes = 0

    def value(self, node: yaml.Node, path: Path, above: tuple[int, ...]) -> Any:
        line = node.start_mark.line + 1
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise NotYaml(line, f"the file unfolds to more than {MOST_NODES:,} values")
        if id(node) in above or len(above) > 60:
            raise NotYaml(line, "an alias stands inside the very thing it names")
        inside = (*above, id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, inside)
        if isinstance(node, yaml.SequenceNode):
            items = []
            for number, item in enumerate(node.value):
                self.document.lines.setdefault((*path, number), item.start_mark.line + 1)
                items.append(self.value(item, (*path, number), inside))
            return items
        return _scalar(node, line)

    def _mapping(self, node: yaml.MappingNode, path: Path, inside: tuple[int, ...]) -> Any:
        found: dict[str, Any] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if key_node.tag == "tag:yaml.org,2002:merge":
                many = isinstance(value_node, yaml.SequenceNode)
                merged += value_node.value if many else [value_node]
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise NotYaml(line, "a key is a list or a mapping")
            key = str(key_node.value)
            if key in found:
                self.document.doubles.append((line, key))
                continue
            self.document.lines[(*path, key)] = line
            found[key] = self.value(value_node, (*path, key), inside)
        for other in merged:
            if not isinstance(other, yaml.MappingNode):
                raise NotYaml(other.start_mark.line + 1, "`<<` takes a mapping")
            extra = self.value(other, (*path, "<<"), inside)
            for key in extra.keys() - found.keys():
                found[key] = extra[key]
                self._adopt((*path, "<<", key), (*path, key))
        return found

    def _adopt(self, old: Path, new: Path) -> None:
        lines = self.document.lines
        for known in [p for p in lines if p[: len(old)] == old]:
            lines[new + known[len(old) :]] = lines[known]


def _scalar(node: yaml.Node, line: int) -> Any:
    text = str(node.value)
    match node.tag:
        case "tag:yaml.org,2002:bool":
            return text.lower() == "true"
        case "tag:yaml.org,2002:int":
            return int(text) if len(text) < 20 else float(text)
        case "tag:yaml.org,2002:float":
            return float(text)
        case "tag:yaml.org,2002:null":
            return None
        case "tag:yaml.org,2002:str":
            return text
    raise NotYaml(line, f"the tag {node.tag!r} is not read here")
