"""WHAT NO METER SAYS: values told from others (soft sensors), with interval, drift alarm and refusal."""
