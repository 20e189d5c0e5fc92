"""Whether this process's cluster stops: long tasks then end early, and go on elsewhere or later."""

from multiprocessing import RawValue
from time import monotonic

# Set in shared memory by the main process of a cluster that stops, to be seen by the processes it
# has forked. Without a lock, which a killed process would keep.
cluster_stops = RawValue("b", 0)


def may_go_on(until: float) -> bool:
    """Return whether a slice of a long task has time left, by the monotonic clock."""
    return monotonic() < until and not cluster_stops.value
