"""What is handed to others, one file a report or exchange format."""

NOT_PLUGS = frozenset({"claims", "pact", "pieces", "rendering"})
