"""System checks: every admin class must define whose rows it shows and who may write them."""

from typing import Any

from django.contrib import admin
from django.core.checks import CheckMessage, Error, register

from scrapersky.tenants.owned_admin import OwnedAdmin, OwnedInline

HINT = (
    "Inherit from OwnedAdmin (rows of a tenant), ReadOnlyAdmin (rows that only services write) or "
    "InstallationAdmin (rows that serve all tenants) in scrapersky.tenants.owned_admin."
)
INLINE_HINT = "Inherit from OwnedInline in scrapersky.tenants.owned_admin."


@register("access")
def check_admin_classes(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Return an error for each admin class and inline without such a base class."""
    admin.autodiscover()
    registered = admin.site._registry.values()
    classes = [type(row) for row in registered if not isinstance(row, OwnedAdmin)]
    inlines = {inline for row in registered for inline in row.inlines}
    unowned = [inline for inline in inlines if not issubclass(inline, OwnedInline)]
    return [_error(name, HINT, "access.E001") for name in classes] + [
        _error(name, INLINE_HINT, "access.E002") for name in unowned
    ]


def _error(model_admin: type, hint: str, number: str) -> CheckMessage:
    name = f"{model_admin.__module__}.{model_admin.__name__}"
    return Error(
        f"{name} does not say who may change its rows.", hint=hint, obj=model_admin, id=number
    )
