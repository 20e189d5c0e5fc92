"""The demo sites as a batch."""

from django.conf import settings

from batches.models import Batch
from batches.services import create_batch
from scans.demo.catalogue import HOSTS, SUFFIX
from scrapersky.tenants.models import Tenant, User


def is_served() -> bool:
    """Return whether scans can reach the demo sites, which `manage.py up` serves and maps."""
    return settings.DEMO_SITES and f"*.{SUFFIX}" in dict(settings.SCAN_HOST_MAP)


def create_demo_batch(*, tenant: Tenant, created_by: User | None) -> Batch:
    """Create a batch of the demo sites; its short deadline ends the scan of the silent one."""
    return create_batch(
        tenant=tenant,
        created_by=created_by,
        domains=HOSTS,
        name="Demo sites",
        options={"site_deadline": 15},
    )
