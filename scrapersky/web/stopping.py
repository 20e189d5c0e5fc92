"""Whether this process's cluster is stopping; long tasks then end early and continue elsewhere."""

from multiprocessing import RawValue
from time import monotonic

# Set in shared memory by the main process of a stopping cluster, visible to its forked processes.
# Without a lock, which a killed process could leave locked.
cluster_stops = RawValue("b", 0)


def may_go_on(until: float) -> bool:
    """Return whether a slice of a long task has time left, by the monotonic clock."""
    return monotonic() < until and not cluster_stops.value
