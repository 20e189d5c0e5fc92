"""The notice on pages and /healthz that workers have lost their network."""

from collections.abc import Sequence
from datetime import datetime

from batches.models import Worker


def live_workers() -> list[datetime | None]:
    """Return since when the network of each live worker has been down, or None."""
    return list(Worker.objects.live().values_list("network_down_since", flat=True))


def outage_notice(down_since: Sequence[datetime | None] | None = None) -> str:
    """Return the notice while the network of a worker seems to be down, else an empty string."""
    down_since = live_workers() if down_since is None else down_since
    down = sum(since is not None for since in down_since)
    if not down:
        return ""
    if down < len(down_since):
        start = f"{down} of {len(down_since)} worker hosts seem to have lost their network"
        end = "The other hosts continue."
    else:
        start = "The network here seems to be down"
        end = "No site is scanned until then."
    return (
        f"{start}: nearly all recent scans failed with network errors. The network is checked every"
        f" minute. When it is back, scanning continues and those sites are retried. {end}"
    )
