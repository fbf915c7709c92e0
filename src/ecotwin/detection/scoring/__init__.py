"""SCORES OF ANY ROWS OF NUMBERS, one file a scorer; `contract` says what each must do."""

NOT_PLUGS = frozenset(
    {
        "calibration",
        "combined",
        "frame",
        "front",
        "lags",
        "precision",
        "running",
        "steady",
        "streams",
        "worth",
    }
)
