"""What a list turned out to be, for somebody who may choose another sheet or column of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

# Rows and columns that are kept, and characters of each of their cells.
SHOWN_ROWS = 5
SHOWN_COLUMNS = 100
_SHOWN_CELL = 80


@dataclass(slots=True)
class Structure:
    """The sheets of a workbook, and the columns and first rows of a table.

    A reader fills it in while it reads, so that it also describes a list that cannot be used: one
    without a column of domains, say. It stays empty for a list that is no table.
    """

    sheets: list[str] = field(default_factory=list)
    # The sheet that is read, empty where the file has no sheet of the name.
    sheet: str = ""
    names: list[str] = field(default_factory=list)
    # The column with the domains, from 0.
    column: int | None = None
    # The first rows below the names, cut.
    rows: list[list[str]] = field(default_factory=list)

    def take_table(
        self, names: Sequence[str], column: int | None, rows: Sequence[Sequence[str]]
    ) -> None:
        """Describe a table: its columns, the one that is read, and its rows below the names."""
        self.names, self.column = list(names[:SHOWN_COLUMNS]), column
        self.rows = [
            [cell[:_SHOWN_CELL] for cell in row[: len(self.names)]] for row in rows[:SHOWN_ROWS]
        ]
