"""The one place that joins the rooms: take, look, act, prove."""

from ecotwin.cycle.twin import Twin

__all__ = ["Twin"]
