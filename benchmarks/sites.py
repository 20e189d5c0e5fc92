"""The scanned sites, from the measuring side."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.workload import BARE, ROOT


@dataclass(frozen=True, slots=True)
class Served:
    """The server's activity during a measurement."""

    requests: int
    # Share of one core.
    share: float


@dataclass(slots=True)
class Sites:
    """A running server with many sites."""

    count: int
    port: int
    process: subprocess.Popen
    before: dict[str, float]

    @property
    def env(self) -> dict[str, str]:
        """Return the environment with which ScraperSky finds the sites."""
        return BARE | {
            "SCAN_HOST_MAP": f"*.test=127.0.0.1:{self.port}",
            "SCAN_MAPPED_NETWORKS": "127.0.0.0/8",
        }

    def ask(self) -> dict[str, float]:
        """Return the server's figures since its start."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        figures: dict[str, float] = json.loads(self.process.stdout.readline())
        return figures

    def served(self) -> Served:
        """Return what was served since the last call."""
        now = self.ask()
        spent = {name: now[name] - self.before[name] for name in ("requests", "cpu", "at")}
        self.before = now
        return Served(int(spent["requests"]), spent["cpu"] / max(spent["at"], 0.001))

    def described(self) -> str:
        """Describe the pages of the sites."""
        median, largest = (self.before[name] / 1000 for name in ("median", "largest"))
        return f"Pages: median {median:.0f} KB, largest {largest:.0f} KB, sent gzipped."


def host(number: int) -> str:
    """Return the host of a site; each has its own registrable domain."""
    return f"site{number:06d}.test"


@contextmanager
def serve(count: int, pages: str, latency: float = 0.0) -> Iterator[Sites]:
    """Serve this many sites for the duration of a measurement."""
    spec = json.dumps({"sites": count, "pages": pages, "latency": latency})
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server", spec],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("The site server did not start; see its output above.")
    sites = Sites(count, int(line), process, {})
    sites.before = sites.ask()
    try:
        yield sites
    finally:
        process.communicate()
