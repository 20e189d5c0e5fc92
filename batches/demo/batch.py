"""The demo sites as a batch."""

from django.conf import settings

from batches.models import Batch
from batches.services import create_batch
from scans.demo.catalogue import HOSTS, SUFFIX
from scrapersky.tenants.models import Tenant, User


def is_served() -> bool:
    """Return whether scans reach the demo sites here: `manage.py up` serves and maps them."""
    return settings.DEMO_SITES and f"*.{SUFFIX}" in dict(settings.SCAN_HOST_MAP)


def create_demo_batch(*, tenant: Tenant, created_by: User | None) -> Batch:
    """Create a batch of the demo sites, with a short deadline for the one that never answers."""
    return create_batch(
        tenant=tenant,
        created_by=created_by,
        domains=HOSTS,
        name="Demo sites",
        options={"site_deadline": 15},
    )
