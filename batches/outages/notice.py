"""The notice on pages and /healthz that workers have lost their network."""

from batches.models import Worker


def outage_notice() -> str:
    """Return the notice while the network of a worker seems to be down, else an empty string."""
    down_since = list(Worker.objects.live().values_list("network_down_since", flat=True))
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
