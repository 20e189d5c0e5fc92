"""The structure of a list, for users who want to select another sheet or column."""

from collections.abc import Sequence
from dataclasses import dataclass, field

# Number of rows and columns kept, and maximum characters per cell.
SHOWN_ROWS = 5
SHOWN_COLUMNS = 100
_SHOWN_CELL = 80


@dataclass(slots=True)
class Structure:
    """The sheets of a workbook, and the columns and first rows of a table.

    The reader fills it in while reading, so that it also describes unusable lists, such as one
    without a domain column. It stays empty for lists that are not tables.
    """

    sheets: list[str] = field(default_factory=list)
    # The sheet being read; empty if the file has no sheet with the requested name.
    sheet: str = ""
    names: list[str] = field(default_factory=list)
    # The column with the domains, from 0.
    column: int | None = None
    # The first rows below the names, truncated.
    rows: list[list[str]] = field(default_factory=list)

    def take_table(
        self, names: Sequence[str], column: int | None, rows: Sequence[Sequence[str]]
    ) -> None:
        """Set the columns of a table, the one being read, and the rows below the names."""
        self.names, self.column = list(names[:SHOWN_COLUMNS]), column
        self.rows = [
            [cell[:_SHOWN_CELL] for cell in row[: len(self.names)]] for row in rows[:SHOWN_ROWS]
        ]
