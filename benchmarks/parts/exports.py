"""Exports at full size: rows per second by format compared with a bare COPY, and memory use."""

import tempfile

from benchmarks import database
from benchmarks.database import env_of
from benchmarks.parts import Scale
from benchmarks.tables import megabytes, print_table, ratio
from benchmarks.workload import Ran, run

MODULE = "benchmarks.workloads.exports"
# Domains per requested site: a million for the default 1,000.
DOMAINS = 1_000
OUTPUTS = ("copy", "csv", "csv-spreadsheet", "jsonl", "xlsx")
NAMES = {"copy": "bare COPY to CSV"}
COLUMNS = ("export", "rows", "rows/s", "of COPY", "peak memory", "with a tenth of the rows")


def run_part(scale: Scale) -> None:
    """Fill a PostgreSQL database and measure exports of a tenant's domains."""
    sizes = {"large": scale.sites * DOMAINS, "small": scale.sites * DOMAINS // 10}
    with database.postgres() as target, tempfile.TemporaryDirectory() as folder:
        env = env_of(target) | {"EXPORT_DIR": folder}
        run(MODULE, {"fill": sizes}, env=env)
        ran = {
            output: [run(MODULE, {"tenant": name, "output": output}, env=env) for name in sizes]
            for output in OUTPUTS
        }
    copy = _speed(ran["copy"][0])
    rows = [_row(NAMES.get(name, name), large, small, copy) for name, (large, small) in ran.items()]
    print_table(
        f"exports of domains on {target.kind}",
        COLUMNS,
        rows,
        "A slice at a time, as a worker runs them, with the start of its process.",
        "Memory is flat if both columns of it are about the same.",
    )


def _speed(ran: Ran) -> float:
    return ran.total("rows") / ran.seconds


def _row(name: str, large: Ran, small: Ran, copy: float) -> list[str]:
    return [
        name,
        f"{large.total('rows'):,.0f}",
        f"{_speed(large):,.0f}",
        ratio(_speed(large), copy),
        megabytes(large.total("peak")),
        megabytes(small.total("peak")),
    ]
