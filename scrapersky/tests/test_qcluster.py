"""The command that runs the queue's processes."""

import gc
import multiprocessing
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django_q.management.commands import qcluster


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_loaded_before_the_processes_start_is_left_to_them_uncollected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frozen = []
    monkeypatch.setattr(
        qcluster.Command, "handle", lambda *args, **options: frozen.append(gc.get_freeze_count())
    )
    monkeypatch.setattr(multiprocessing, "active_children", list)
    call_command("qcluster")
    assert frozen[0] > 100_000
