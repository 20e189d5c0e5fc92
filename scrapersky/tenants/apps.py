from typing import Any

from django.apps import AppConfig
from django.apps import apps as global_apps
from django.apps.registry import Apps
from django.db.models.signals import post_migrate


class TenantsConfig(AppConfig):
    name = "scrapersky.tenants"
    label = "tenants"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from scrapersky.tenants import checks, preferences  # noqa: F401  (registers them)
        from scrapersky.web.input_sanitizing import protect_columns

        protect_columns()
        post_migrate.connect(make_default_tenant, sender=self)


def make_default_tenant(using: str, apps: Apps = global_apps, **kwargs: Any) -> None:
    """Create the default tenant of every installation unless it exists.

    `apps` has the models as of the last migration, whose table may still lack columns.
    """
    from scrapersky.tenants.models import DEFAULT_TENANT_ID

    tenants = apps.get_model("tenants", "Tenant")._default_manager
    tenants.using(using).get_or_create(pk=DEFAULT_TENANT_ID, defaults={"name": "Default"})
