"""The twin's own model of turbofan engines: thrust that a flight asks for, fuel, NOx, wear, life left and upkeep.

It knows certified points, a drag polar and as-built tests, and nothing of the gas path inside.
"""
