"""WHAT COMES NEXT, one file a forecaster; `contract` says what each must do."""

NOT_PLUGS = frozenset({"contract"})
