"""What is not as it should be, one file a detector."""

NOT_PLUGS = frozenset(
    {
        "alerts",
        "cases",
        "causes",
        "changes",
        "chart",
        "columns",
        "costing",
        "crosscheck",
        "marginal",
        "nab",
        "scoring",
        "series",
        "single",
        "subspace",
        "weather",
    }
)
