"""What is not as it should be, one file a detector."""

NOT_PLUGS = frozenset({"alerts", "causes", "chart", "columns", "costing"})
