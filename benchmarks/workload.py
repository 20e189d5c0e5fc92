"""Run workloads in separate processes and measure their resource use."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.usage import PeakMemory

ROOT = Path(__file__).resolve().parent.parent
Spec = dict[str, Any]
# An environment for the project's settings, without the user's variables.
BARE = {
    "DJANGO_SETTINGS_MODULE": "scrapersky.settings",
    "ENV_FILE": "",
    "REDIS_URL": "",
    "SECRET_KEY": "for a benchmark only",
    "HTTPS": "false",
    "ALLOWED_HOSTS": "testserver",
}


@dataclass(frozen=True, slots=True)
class Ran:
    """The results and resource use of processes that ran in parallel."""

    figures: list[Spec]
    cpu_seconds: float
    peak_bytes: int

    @property
    def seconds(self) -> float:
        """Return the seconds from the first start to the last end."""
        started = min(figures["started"] for figures in self.figures)
        return max(figures["ended"] for figures in self.figures) - started

    def total(self, name: str) -> float:
        """Return the sum of one figure over all processes."""
        return sum(figures[name] for figures in self.figures)


def run(module: str, *specs: Spec, env: dict[str, str] | None = None) -> Ran:
    """Run `python -m module SPEC` for all specs in parallel.

    Each prints a JSON object as its last line. Raises `RuntimeError` if one fails.
    """
    processes = [_start(module, spec, env or {}) for spec in specs]
    peak = PeakMemory()
    peak.watch([process.pid for process in processes])
    ends = [_end(process) for process in processes]
    return Ran([figures for figures, _ in ends], sum(cpu for _, cpu in ends), peak.stop())


def _start(module: str, spec: Spec, env: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", module, json.dumps(spec)],
        cwd=ROOT,
        env=os.environ | env,
        stdout=subprocess.PIPE,
    )


def _end(process: subprocess.Popen) -> tuple[Spec, float]:
    """Wait for a process; return its figures and CPU seconds, children included."""
    assert process.stdout is not None
    output = process.stdout.read().splitlines()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode != 0 or not output:
        raise RuntimeError(f"{process.args!r} ended with exit code {process.returncode}.")
    return json.loads(output[-1]), used.ru_utime + used.ru_stime
