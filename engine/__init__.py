"""Vires: may this authority take this step, in this case, on this day, and under which rule? See ARCHITECTURE.md."""

__version__ = "0.1.0"
