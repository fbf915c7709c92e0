"""What is handed to others, one file a report or exchange format."""

NOT_PLUGS = frozenset({"pact", "pieces", "rendering", "taxonomy"})
