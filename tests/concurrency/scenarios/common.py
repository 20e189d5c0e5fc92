"""Helpers shared by the scenarios."""

from collections.abc import Callable
from threading import Event
from time import sleep
from typing import Any

from batches.models import Batch, Job
from tests.concurrency.audit import Account, audit, problems
from tests.processes import eventually

Figures = dict[str, Any]


def names(count: int, of: str = "s") -> list[str]:
    return [f"{of}{number}.site.test" for number in range(count)]


def latency(seconds: float) -> Callable[[str], None]:
    """Make every homepage take some seconds, like a distant site."""
    return lambda host: sleep(seconds)


def until(event: Event, seconds: float = 60) -> Callable[[str], None]:
    """Delay every homepage until an event, or for some seconds."""

    def wait(host: str) -> None:
        event.wait(seconds)

    return wait


def ended(batch: Batch) -> bool:
    batch.refresh_from_db()
    return batch.is_ended


def audited(batch: Batch, *, within: float) -> Account:
    """Wait for the end of a batch while auditing it; return its account."""
    violations: list[str] = []

    def look() -> bool:
        violations.extend(problems())
        return ended(batch)

    eventually(look, within=within)
    violations += problems()
    assert violations == []
    return audit()[-1]


def running(batch: Batch) -> bool:
    return Job.objects.filter(batch=batch, status=Job.Status.RUNNING).exists()
