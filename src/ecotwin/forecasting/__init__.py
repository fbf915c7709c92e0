"""WHAT COMES NEXT, one file a forecaster; `contract` says what each must do."""

NOT_PLUGS = frozenset(
    {
        "backtest",
        "contract",
        "explaining",
        "features",
        "member",
        "scales",
        "spread",
        "timeline",
        "weighed",
        "weights",
    }
)
