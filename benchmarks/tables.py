"""Print figures as tables."""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine

# Files and pipes have no width, and truncated figures would be useless.
console = Console(width=None if sys.stdout.isatty() else 110)
Cells = Sequence[str]


def print_machine(machine: Machine) -> None:
    """Print which machine produced the figures, and a warning if it was busy."""
    console.print(f"Machine: {machine}", highlight=False)
    if machine.is_busy:
        console.print(
            "[bold yellow]The machine was busy before the run: the figures will be too low, and "
            "their ratios uncertain.[/]"
        )


def print_table(title: str, columns: Cells, rows: Sequence[Cells], *notes: str) -> None:
    """Print a table with names in the first column and figures in the others."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console.print()
    console.print(table)
    for note in notes:
        console.print(f"  {note}", highlight=False, style="dim")


def megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f} MB" if size else "?"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.2f} ms" if seconds < 0.01 else f"{seconds * 1000:,.0f} ms"


def ratio(fast: float, slow: float) -> str:
    return f"{fast / slow:.2f}x" if slow else "?"
