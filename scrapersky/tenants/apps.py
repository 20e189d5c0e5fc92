from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TenantsConfig(AppConfig):
    name = "scrapersky.tenants"
    label = "tenants"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from scrapersky.tenants import checks, preferences  # noqa: F401  (registers them)
        from scrapersky.web.storable_input import protect_columns

        protect_columns()
        post_migrate.connect(make_default_tenant, sender=self)


def make_default_tenant(**kwargs: Any) -> None:
    """Make the tenant that every installation has; an existing one is kept."""
    from scrapersky.tenants.models import DEFAULT_TENANT_ID, Tenant

    Tenant.objects.using(kwargs["using"]).get_or_create(
        pk=DEFAULT_TENANT_ID, defaults={"name": "Default"}
    )
