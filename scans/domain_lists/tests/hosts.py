"""Read a saved list back, for its tests."""

from scans.domain_lists.models import DomainList
from scans.domain_lists.services import domains_of


def hosts_of(row: DomainList) -> list[str]:
    """Return the hosts of a list, by name."""
    return list(domains_of(row.pk).order_by("host").values_list("host", flat=True))
