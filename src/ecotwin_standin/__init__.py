"""The stand-in for the physical plant: its own process, never imported by the twin."""
