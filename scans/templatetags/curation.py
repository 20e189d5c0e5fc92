"""The curation controls in lists and on the page of a domain."""

from typing import Any

from django import template
from django.db.models import Model
from django.urls import reverse

from scans.bulk.models import BulkAction
from scans.bulk.operations import find_operation
from scans.curation import Curation
from scrapersky.tenants.access import can_write, readable, tenant_id_of

register = template.Library()

ICONS = {
    Curation.SELECTED: "check",
    Curation.MAYBE: "question-mark",
    Curation.NOT_A_FIT: "x",
    Curation.ARCHIVED: "archive",
}


@register.inclusion_tag("scans/_curation.html", takes_context=True)
def curation(context: template.Context, row: Any, named: str = "") -> dict[str, Any]:
    """Return the status of a row with user and time, and a button per status.

    The buttons belong to the page's form `curate`. `named` describes the row for screen readers.
    Clicking the current status again resets the row to new.
    """
    model: type[Model] = type(row)
    may_write = can_write(context["user"], tenant_id_of(row))
    buttons = [
        {
            "value": Curation.NEW if row.curation == status else status,
            "label": status.label,
            "icon": icon,
            "status": status,
            "is_current": row.curation == status,
        }
        for status, icon in ICONS.items()
    ]
    return {
        "row": row,
        "named": named,
        "buttons": buttons if may_write else [],
        "url": reverse(f"{model._meta.model_name}_curate", args=[row.pk]),
    }


@register.simple_tag
def curation_choices() -> list[tuple[str, str]]:
    """Return (value, label) of every curation status."""
    return [(status.value, status.label) for status in Curation]


@register.inclusion_tag("bulk/_running.html", takes_context=True)
def running_actions(context: template.Context, list_name: str) -> dict[str, Any]:
    """Return the active bulk actions on a list."""
    active = BulkAction.objects.active().filter(list_name=list_name)
    actions = readable(active, context["user"]).order_by("created_at")[:5]
    operations = [(action, find_operation(list_name, action.operation)) for action in actions]
    return {"actions": [(action, operation) for action, operation in operations if operation]}
