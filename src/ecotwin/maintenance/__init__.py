"""HOW LONG IT WILL LAST AND WHY NOT: health, life, hazard, service and the causes of findings."""
