"""What the past says of the model's parameters, and how sure it is: one file a group of parameters."""

NOT_PLUGS = frozenset({"evidence"})
