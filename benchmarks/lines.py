"""One figure of the table that the benchmarks print, with its target."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """One figure and its target: at most `most` times the base, or at most `most` where there is no base.

    Or the base takes at least `least` times as long.
    """

    what: str
    found: float
    unit: str
    beside: str
    base: float
    most: float = 0  # 0: no target, for information
    least: float = 0

    @property
    def ratio(self) -> float:
        """How many times the base was found, or how many times as fast; the figure itself where there is no base."""
        if self.least:
            return self.base / self.found
        return self.found / self.base if self.base else self.found

    @property
    def kept(self) -> bool:
        """Whether the target is met."""
        return self.ratio >= self.least if self.least else not self.most or self.ratio <= self.most

    def __str__(self) -> str:
        mark = " " if not (self.most or self.least) else "✓" if self.kept else "✗"
        beside = f"{self.beside}, {_figure(self.base, self.unit)}" if self.base else ""
        ratio, most = f"{self.ratio:.2f}" if self.base else "", f"{self.most:g}" if self.most else ""
        most = f"≥ {self.least:g}" if self.least else most
        return f"{mark} {self.what:<40}{_figure(self.found, self.unit):>9}  {beside:<46}{ratio:>6}{most:>7}"


def _figure(value: float, unit: str) -> str:
    if unit == "s" and value < 0.001:
        value, unit = value * 1_000_000, "µs"
    elif unit == "s" and value < 1:
        value, unit = value * 1000, "ms"
    return f"{value:.2f} {unit}" if value < 10 else f"{value:.0f} {unit}"
