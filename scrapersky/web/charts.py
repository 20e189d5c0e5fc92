"""SVG charts: computes the layout that a template draws, together with a data table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

# The size of the drawing, which is scaled to the available space.
WIDTH, HEIGHT = 720.0, 160.0
GAP = 0.2


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle; `css` is the class of its series."""

    x: str
    y: str
    width: str
    height: str
    css: str


@dataclass(frozen=True, slots=True)
class Series:
    """A name and one value per day."""

    label: str
    css: str
    values: Sequence[int]

    @property
    def total(self) -> int:
        return sum(self.values)


@dataclass(frozen=True, slots=True)
class DayChart:
    """A stacked column per day."""

    title: str
    days: Sequence[date]
    series: Sequence[Series]

    @property
    def highest(self) -> int:
        """The largest column."""
        return max(self._sums(), default=0)

    @property
    def rows(self) -> list[tuple[date, list[int]]]:
        """The rows of the table: each day with the values of all series, latest first."""
        numbers = zip(*(one.values for one in self.series), strict=True)
        return [(day, list(row)) for day, row in zip(self.days, numbers, strict=True)][::-1]

    @property
    def bars(self) -> list[Bar]:
        step = WIDTH / len(self.days)
        scale = HEIGHT / (self.highest or 1)
        bars, below = [], [0.0] * len(self.days)
        for one in self.series:
            for index, value in enumerate(one.values):
                if value:
                    height = max(value * scale, 1.0)
                    below[index] += height
                    bars.append(_bar(index * step, below[index], step, height, one.css))
        return bars

    def _sums(self) -> list[int]:
        return [sum(row) for row in zip(*(one.values for one in self.series), strict=True)]


@dataclass(frozen=True, slots=True)
class Share:
    """One row of a bar chart; `width` is in per cent of the longest bar."""

    name: str
    count: int
    width: str
    link: str = ""


def shares(rows: Sequence[tuple[str, int]], links: Sequence[str] = ()) -> list[Share]:
    """Return the rows of a bar chart, scaled to the longest bar."""
    most = max((count for _, count in rows), default=0) or 1
    targets = [*links, *[""] * (len(rows) - len(links))]
    return [
        Share(name, count, f"{count / most * 100:.1f}%", link)
        for (name, count), link in zip(rows, targets, strict=True)
    ]


def _bar(x: float, top: float, step: float, height: float, css: str) -> Bar:
    room = step * GAP / 2
    return Bar(
        f"{x + room:.1f}",
        f"{HEIGHT - top:.1f}",
        f"{step - 2 * room:.1f}",
        f"{height:.1f}",
        css,
    )
