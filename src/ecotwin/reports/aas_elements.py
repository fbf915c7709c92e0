"""Elements of the metamodel of Asset Administration Shells, with their semantic ids."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

LANGUAGE = "en"
"""Of texts in several languages; a plant file tells each text in one."""


def short(text: str) -> str:
    """Text as an idShort: letters, digits and underscores, a letter first, neither an underscore nor alone last.

    >>> short("oven_1"), short("1st line"), short("x"), short("kWh/a_")
    ('oven_1', 'n1st_line', 'x0', 'kWh_a')
    """
    kept = "".join(c if c.isascii() and c.isalnum() else "_" for c in text).strip("_") or "n0"
    kept = kept if kept[0].isalpha() else f"n{kept}"
    return (kept if len(kept) > 1 else f"{kept}0")[:128].rstrip("_")


class Maker:
    """Makes elements of the metamodel with their semantic ids."""

    def __init__(self, shells: Any) -> None:
        self.shells = shells

    def reference(self, id_: str) -> Any:
        """A reference to a meaning that is defined elsewhere."""
        s = self.shells
        return s.ExternalReference((s.Key(s.KeyTypes.GLOBAL_REFERENCE, id_),))

    def property(
        self,
        name: str | None,
        value: Any,
        semantic: str,
        kind: str = "String",
        about: str = "",
        value_id: str = "",
    ) -> Any:
        """A property; a value of None describes a record that is to come."""
        type_ = getattr(self.shells.datatypes, kind)
        if value is not None and not isinstance(value, datetime):
            value = (
                self.shells.datatypes.from_xsd(value, type_)
                if isinstance(value, str)
                else type_(value)
            )
        return self.shells.Property(
            name, type_, value, semantic_id=self.reference(semantic), description=self._words(about),
            value_id=self.reference(value_id) if value_id else None,
        )  # fmt: skip

    def text(self, name: str, value: str, semantic: str) -> Any:
        """A text that could be told in several languages."""
        words = self.shells.MultiLanguageTextType({LANGUAGE: value})
        return self.shells.MultiLanguageProperty(name, words, semantic_id=self.reference(semantic))

    def group(
        self, name: str | None, elements: Iterable[Any], semantic: str, about: str = ""
    ) -> Any:
        """A group of elements; inside a list it has no name."""
        return self.shells.SubmodelElementCollection(
            name, elements, semantic_id=self.reference(semantic), description=self._words(about)
        )

    def listed(self, name: str, elements: Iterable[Any], semantic: str, each: str) -> Any:
        """A list of groups of one meaning; its members have no name."""
        return self.shells.SubmodelElementList(
            name, self.shells.SubmodelElementCollection, elements, semantic_id=self.reference(semantic),
            semantic_id_list_element=self.reference(each),
        )  # fmt: skip

    def values(self, name: str, pairs: Iterable[tuple[str, str]], semantic: str, each: str) -> Any:
        """A list of values, each with its id in the list of a standard (empty: it is in none)."""
        return self.shells.SubmodelElementList(
            name, self.shells.Property, [self.property(None, v, each, value_id=i) for v, i in pairs],
            semantic_id=self.reference(semantic), semantic_id_list_element=self.reference(each),
            value_type_list_element=self.shells.datatypes.String,
        )  # fmt: skip

    def submodel(
        self, base: str, name: str, semantic: str, elements: Iterable[Any], edition: tuple[str, str, str], *,
        own: bool = False,
    ) -> Any:  # fmt: skip
        """A submodel; `own`: its template refers to itself as to a model."""
        s = self.shells
        version, revision, template = edition
        meaning = (
            s.ModelReference((s.Key(s.KeyTypes.SUBMODEL, semantic),), s.Submodel)
            if own
            else self.reference(semantic)
        )
        return s.Submodel(
            f"{base}/submodels/{name}", elements, id_short=name, semantic_id=meaning,
            administration=s.AdministrativeInformation(
                version=version, revision=revision, template_id=template or None
            ),
        )  # fmt: skip

    def _words(self, about: str) -> Any:
        return self.shells.MultiLanguageTextType({LANGUAGE: about}) if about else None
