"""A round trip of a spreadsheet with many columns, compared cell by cell."""

from benchmarks import database
from benchmarks.database import env_of
from benchmarks.parts import Scale
from benchmarks.tables import megabytes, print_table
from benchmarks.workload import run

# Rows of the spreadsheet for each requested site: 100,000 for the default 1,000.
ROWS = 100
WIDTH = 40
COLUMNS = ("", "rows", "cells", "batch created", "exported", "peak memory", "different cells")


def run_part(scale: Scale) -> None:
    """Upload an XLSX of 40 columns, export its batch as XLSX, and compare every cell."""
    rows = []
    for context in (database.sqlite(), database.postgres()):
        with context as target:
            spec = {"rows": scale.sites * ROWS, "width": WIDTH}
            ran = run("benchmarks.workloads.columns", spec, env=env_of(target))
        figures = ran.figures[0]
        rows.append(
            [
                target.kind,
                f"{figures['rows']:,}",
                f"{figures['cells']:,}",
                f"{figures['created']:.1f} s",
                f"{figures['exported']:.1f} s",
                megabytes(figures["peak"]),
                f"{figures['different']:,}",
            ]
        )
    print_table(
        "columns: a spreadsheet goes in and comes back with the results",
        COLUMNS,
        rows,
        "Cells are texts, numbers, booleans, dates and blanks. A tenth of the lines is rejected,",
        "another repeated. The export runs in slices, as in the background.",
    )
