"""Documents that belong together are kept together or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ecotwin.errors import StoreFault
from ecotwin.history.contract import Document
from ecotwin.history.embedded import DuckStore
from ecotwin.service.bench.works import works

AT = datetime(2026, 6, 18, tzinfo=UTC)


def test_several_documents_are_one_transaction(tmp_path: Path) -> None:
    plant = works(1, 11, 1)
    store = DuckStore(plant, tmp_path)
    first = Document("finding", "a", AT, AT, {"n": 1})
    store.put_all([first, Document("sealed", "finding:a", AT, AT, {"entry": 7})])
    with pytest.raises(StoreFault, match="sealed"):
        store.put_all(
            [
                Document("finding", "a", AT, AT, {"n": 2}),
                Document("sealed", "finding:a", AT, AT, {"entry": object()}),
            ]
        )
    store.close()
    store = DuckStore(plant, tmp_path)
    assert store.get("finding", "a") == first
    sealed = store.get("sealed", "finding:a")
    assert sealed is not None
    assert sealed.body == {"entry": 7}
    store.close()
