"""Sample to reading, one file a rule."""

NOT_PLUGS = frozenset({"chain", "meter", "rows"})
"""Modules here that are no rules: the chain, the scalar judge of one counter, and row arithmetic."""
