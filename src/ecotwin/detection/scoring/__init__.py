"""SCORES OF ANY ROWS OF NUMBERS, one file a scorer; `contract` says what each must do."""

NOT_PLUGS = frozenset(
    {
        "calibration",
        "combined",
        "disturbed",
        "explaining",
        "frame",
        "front",
        "lags",
        "lasting",
        "picking",
        "precision",
        "promise",
        "running",
        "steady",
        "streams",
        "trimming",
        "worth",
    }
)
