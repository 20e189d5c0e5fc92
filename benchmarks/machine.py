"""The machine that the figures come from."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

# Load per core, before the run, above which the figures are unreliable.
BUSY = 0.3


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine, and its load before the run."""

    cores: int
    load: float
    name: str

    @property
    def is_busy(self) -> bool:
        return self.load > BUSY * self.cores

    def __str__(self) -> str:
        python = platform.python_version()
        return f"{self.cores} cores ({self.name}), Python {python}, load {self.load:.1f} before"


def this_machine() -> Machine:
    """Describe the machine as it is now."""
    return Machine(cores(), os.getloadavg()[0], _processor())


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
