"""The measured processes; each prints a JSON object as its last line."""

import json
import sys
import time
from typing import Any


def spec() -> dict[str, Any]:
    """Return the specification of this process's work."""
    options: dict[str, Any] = json.loads(sys.argv[1])
    return options


def print_figures(started: float, ended: float, **figures: Any) -> None:
    """Print the measured figures; times are from `now`, which all processes share."""
    print(json.dumps({"started": started, "ended": ended, **figures}), flush=True)


def now() -> float:
    """Return the time in seconds of a clock shared by all processes of the machine."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def setup_django() -> None:
    """Set up Django with the environment's settings (`workload.BARE`)."""
    import django

    django.setup()
