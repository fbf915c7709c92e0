"""ONE SIGNAL ALONE: its traits, its season, its shape, and how surprising each is by its own past."""
