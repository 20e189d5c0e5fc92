"""Read a table with many rows entry by entry, like the list of a large batch."""

from collections.abc import Iterator

from benchmarks import workloads
from benchmarks.sites import host
from scans.engine.lists.decoding import text_blocks
from scans.engine.lists.reader import ListReader

ROWS_AT_ONCE = 1_000


def main() -> None:
    count = workloads.spec()["rows"]
    started = workloads.now()
    reader = ListReader(text_blocks(_chunks(count)), is_table=True)
    hosts = sum(entry.host != "" for entry in reader)
    workloads.print_figures(started, workloads.now(), hosts=hosts)


def _chunks(count: int) -> Iterator[bytes]:
    yield b"Firm,Website,City\n"
    for start in range(0, count, ROWS_AT_ONCE):
        rows = range(start, min(start + ROWS_AT_ONCE, count))
        yield "".join(f"Firm {number},{host(number)},Rome\n" for number in rows).encode()


if __name__ == "__main__":
    main()
