"""Families of figures that need books beside meters, one file each."""
