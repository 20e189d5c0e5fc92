"""Work that is killed with its process at a chosen point."""

import os
import signal
import traceback
from collections.abc import Callable

from django.db import connections


def kill_where_it_stops(work: Callable[[Callable[[], None]], object]) -> None:
    """Run `work` in a process of its own, and kill that where `work` calls what it is given.

    What `work` patches, it patches in that process alone.
    """
    reached, writable = os.pipe()

    def stop() -> None:
        os.write(writable, b"x")
        signal.pause()

    connections.close_all()
    child = os.fork()
    if not child:
        _run_and_exit(lambda: work(stop))
    os.close(writable)
    has_stopped = os.read(reached, 1)
    os.close(reached)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert has_stopped, "The process ended before it was killed."


def _run_and_exit(work: Callable[[], object]) -> None:
    """Never return: the child of a test process would go on with the tests."""
    # After a test in a browser, Django keeps connections of parent and child in two places: the
    # child would find one that the parent has open. It stays referenced, so that it is not closed.
    inherited = [connections[alias] for alias in connections]
    for connection in inherited:
        del connections[connection.alias]
    try:
        work()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)
