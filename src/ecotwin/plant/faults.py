"""Collects everything that is wrong with a plant file or a scenario, each with its line and its mend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ecotwin.plant.lines import Document, Path
from ecotwin.plant.schema import PlantPart

Whole = TypeVar("Whole", bound=BaseModel)
"""What a whole file is read as."""

_WORDS = {
    r"^[a-z][a-z0-9_]*$": "lower-case letters, digits and `_`, a letter first",
    r"^([01]\d|2[0-3]):[0-5]\d$": "a time of day such as 06:00",
    r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$": "a span such as 09:00-09:15",
    r"^[A-Z]{3}$": "a three-letter currency such as EUR",
    r"^([A-Z]{2})?$": "a two-letter country such as DE",
    r"^-?\d+$": "a whole number, the code on the wire",
}


class Faults:
    """Faults of one file, in the order of its lines.

    Args:
        file: Its name. document: Its data with their lines. model: What it is read as. noun: What it is called.
    """

    def __init__(
        self,
        file: str,
        document: Document,
        model: type[BaseModel] = PlantPart,
        noun: str = "the plant file",
    ) -> None:
        self.file = file
        self.document = document
        self.model = model
        self.noun = noun
        self._found: dict[tuple[int, str], None] = {}
        self._maimed: set[str] = set()
        self._all_excused = False

    def add(self, path: Path, found: str, mend: str = "") -> None:
        """Note a fault at a path of the file."""
        self.at(self.document.line(path), found, mend)

    def at(self, line: int, found: str, mend: str = "") -> None:
        """Note a fault at a line."""
        self._found[(line, found + (f"; {mend}" if mend else ""))] = None

    def maim(self, name: str) -> None:
        """Something of this id could not be read: what refers to it is not at fault."""
        self._maimed.add(name)

    def excused(self, name: str) -> bool:
        """Whether a reference fails only because what it names could not be read."""
        return self._all_excused or bool({name, name.split(".")[0]} & self._maimed)

    def excuse_all(self) -> None:
        """Whole branches could not be read: no reference is at fault."""
        self._all_excused = True

    def unknown(self, path: Path, what: str, name: str, known: Iterable[str]) -> None:
        """Note a name that nobody bears, with the nearest that somebody does."""
        if not self.excused(name):
            self.add(path, f"there is no {what} {name!r}", nearest(name, known))

    @property
    def texts(self) -> tuple[str, ...]:
        """Every fault as `file:line: what was found; what would mend it`."""
        return tuple(f"{self.file}:{line}: {text}" for line, text in sorted(self._found))


def nearest(name: str, known: Iterable[str]) -> str:
    """What may have been meant.

    >>> nearest("oven_3.powr", ["oven_3.power", "oven_3.energy"])
    "did you mean 'oven_3.power'?"
    """
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    if not names:
        return "none is given in this file"
    shown = ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")
    return f"known: {shown}"


_STAND_IN = {"id": "plant", "name": "Plant", "timezone": "UTC"}
"""Taken while the rest of a file that lacks these is judged."""


def typed(faults: Faults) -> PlantPart | None:
    """The plant file as typed parts; what cannot be read is noted and left out."""
    return typed_as(PlantPart, faults, _STAND_IN)


def typed_as(model: type[Whole], faults: Faults, stand_in: Mapping[str, object]) -> Whole | None:
    """A file as typed parts of a model; what cannot be read is noted and left out.

    Args:
        model: What it is read as. faults: Its data, and where faults go.
        stand_in: Values for keys of the file itself that must be there, while the rest is judged.
    """
    data = faults.document.data
    for turn in range(40):
        try:
            return model.model_validate(data)
        except ValidationError as fault:
            cuts: dict[Path, bool] = {}
            for error in fault.errors(include_url=False, include_context=True):
                path = _real_path(data, error["loc"], error["type"])
                if turn == 0:
                    _note(data, path, dict(error), faults)
                if len(path) == 1 and path[0] in stand_in:
                    data[path[0]] = stand_in[str(path[0])]
                    continue
                target = path if _has(data, path) else path[:-1]
                cuts[target] = cuts.get(target, False) or error["type"] != "extra_forbidden"
            outermost = [p for p in cuts if p and not any(p[:n] in cuts for n in range(1, len(p)))]
            for path in sorted(outermost, key=_from_the_end):
                _cut(path, faults, wanted=cuts[path])
    return None


def _from_the_end(path: Path) -> list[tuple[int, str]]:
    """Sorts later items of a list first, so that a cut moves no other."""
    return [(-key, "") if isinstance(key, int) else (0, key) for key in path]


def _real_path(data: Any, loc: tuple[int | str, ...], kind: str) -> Path:
    """The error's place without the names that the checker adds for unions."""
    path: list[int | str] = []
    at: Any = data
    for number, key in enumerate(loc):
        inside = (
            isinstance(key, int) if isinstance(at, list) else isinstance(at, dict) and key in at
        )
        if inside:
            path.append(key)
            at = at[key]
        elif kind == "missing" and number == len(loc) - 1:
            path.append(key)
    return tuple(path)


def _has(data: Any, path: Path) -> bool:
    for key in path:
        if isinstance(data, dict) and key not in data:
            return False
        data = data[key]
    return True


def _note(data: Any, path: Path, error: dict[str, Any], faults: Faults) -> None:
    kind, loc = error["type"], error["loc"]
    if kind == "missing":
        place = _place(path[:-1], faults.noun)
        faults.add(path, f"{place} lacks the key {path[-1]!r}", "add it")
    elif kind == "extra_forbidden":
        known = _known_keys(path[:-1], faults.model)
        faults.add(
            path,
            f"unknown key {str(path[-1])!r} in {_place(path[:-1], faults.noun)}",
            nearest(str(path[-1]), known),
        )
    elif loc and loc[-1] == "[key]":
        words = _WORDS.get(str(error.get("ctx", {}).get("pattern")), error["msg"])
        faults.add(path, f"the key {str(path[-1])!r} is not well formed", f"expected {words}")
    else:
        value = data
        for key in path:
            value = value[key]
        shown = (
            "nothing" if value is None else repr(value) if len(repr(value)) < 60 else _type(value)
        )
        place = _place(path, faults.noun)
        faults.add(path, f"{place} is {shown}", f"expected {_expected(error)}")


def _expected(error: dict[str, Any]) -> str:
    context = error.get("ctx", {})
    kind = error["type"]
    if kind == "string_pattern_mismatch":
        return _WORDS.get(context["pattern"], f"text like {context['pattern']}")
    if kind == "literal_error":
        return f"one of {context['expected']}"
    if kind == "value_error":
        return f"a sound value ({context['error']})"
    names = {
        "string_type": "text (put it in quotes)",
        "float_type": "a number",
        "int_type": "a whole number",
        "bool_type": "true or false",
        "list_type": "a list",
        "dict_type": "a mapping (key: value)",
        "model_type": "a mapping (key: value)",
        "model_attributes_type": "a mapping (key: value)",
    }
    text = str(error["msg"])
    return names.get(kind, text.removeprefix("Input should be ").removeprefix("Value should be "))


def _type(value: Any) -> str:
    names = ((dict, "a mapping"), (list, "a list"), (str, "a long text"))
    return next((name for kind, name in names if isinstance(value, kind)), "a value")


def _place(path: Path, noun: str) -> str:
    """A path as a person reads it."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else str(key)
    return f"`{text}`" if text else noun


def _known_keys(path: Path, model: Any) -> list[str]:
    """Keys that may stand at a path."""
    for key in path:
        model = _inside(model, key)
        if model is None:
            return []
    fields: list[str] = list(model.model_fields) if _is_part(model) else []
    return fields


def _inside(annotation: Any, key: str | int) -> Any:
    """The type found under a key of a type."""
    if _is_part(annotation):
        known = annotation.model_fields.get(str(key))
        return _plain(known.annotation) if known else None
    arguments = getattr(annotation, "__args__", ())
    return _plain(arguments[-1]) if arguments else None


def _plain(annotation: Any) -> Any:
    """The type without `| None`."""
    options = [a for a in getattr(annotation, "__args__", ()) if _is_part(a)]
    if options and getattr(annotation, "__origin__", None) not in (list, dict):
        return options[0]
    return annotation


def _is_part(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _cut(path: Path, faults: Faults, *, wanted: bool) -> None:
    """Take out what cannot be read.

    Args:
        path: What cannot be read, or the mapping that lacks a key it needs.
        faults: Where it was noted.
        wanted: Something may refer to it, or to what holds it.
    """
    holder: Any = faults.document.data
    for key in path[:-1]:
        holder = holder[key]
    last: Any = path[-1]
    if wanted:
        for name in (*_ids_in(holder[last]), *_ids_in(holder, deep=False), str(last)):
            faults.maim(name)
        if last in ("areas", "lines", "machines", "connections"):
            faults.excuse_all()
    faults.document.cut(path)


def _ids_in(value: Any, *, deep: bool = True) -> Iterable[str]:
    if isinstance(value, dict):
        if isinstance(value.get("id"), str):
            yield value["id"]
        for inner in value.values() if deep else ():
            yield from _ids_in(inner)
    elif isinstance(value, list) and deep:
        for inner in value:
            yield from _ids_in(inner)
