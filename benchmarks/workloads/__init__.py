"""What the measured processes run; each prints one JSON object as its last line."""

import json
import sys
import time
from typing import Any


def spec() -> dict[str, Any]:
    """Return the specification of this process's work."""
    options: dict[str, Any] = json.loads(sys.argv[1])
    return options


def print_figures(started: float, ended: float, **figures: Any) -> None:
    """Print what was measured; times are of `now`, which all processes share."""
    print(json.dumps({"started": started, "ended": ended, **figures}), flush=True)


def now() -> float:
    """Return the seconds of a clock that is the same in every process of the machine."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def setup_django() -> None:
    """Make the settings that the environment names (`workload.BARE`) and the models ready."""
    import django

    django.setup()
