"""The ledger as people see it."""

from __future__ import annotations

from ecotwin.service.views.shown import Bar, Headline, View


class EntryRow(View):
    """A ledger entry."""

    index: int
    at: str
    kind: str
    subject: str
    text: str
    leaf: str


class Proof(View):
    """The ledger: size, root, newest signed checkpoint, newest entries, and the last check."""

    bar: Bar
    headline: Headline
    size: int
    root: str
    checkpoint: str
    key: str
    checked: str
    ok: bool
    entries: list[EntryRow]
