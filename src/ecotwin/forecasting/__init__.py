"""WHAT COMES NEXT, one file a forecaster; `contract` says what each must do."""

NOT_PLUGS = frozenset(
    {
        "anchors",
        "backtest",
        "contract",
        "exceedance",
        "explaining",
        "features",
        "member",
        "quality",
        "reconciled",
        "scales",
        "spread",
        "timeline",
        "weighed",
        "weights",
    }
)
