"""The only door back to the machine."""
