"""A digital twin that keeps a factory's environmental performance true, live and provable."""

__version__ = "0.1.0"
