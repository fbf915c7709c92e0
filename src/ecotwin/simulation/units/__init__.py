"""Parts of the plant that run ahead, one file each (see `simulation.contract`)."""
