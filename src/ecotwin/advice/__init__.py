"""What to do, one file an advisor."""

NOT_PLUGS = frozenset({"heat", "jobshop", "ranking", "worth"})
