"""HOW MODELS STAY TRUE: conformal intervals, drift, contests of models, their register, pooling, export.

A floor below the thinking rooms, so that each of them may stand on it; it knows no history and no wire.
"""
