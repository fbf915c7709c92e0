"""What if: the plant run ahead from where it stands, many times, in seconds."""
