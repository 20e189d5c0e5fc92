"""Request bodies for URLs that require one."""

import json
from typing import Any

from tests.access.addresses import Address
from tests.access.world import WORD, World

# Fields of small forms on the page of a row.
COMMON_FIELDS = {"curation": "selected", "tags": WORD, "saved_list": WORD, "note": "Fresh"}


def form(world: World, address: Address) -> dict[str, Any]:
    """Return the form fields for a URL of the console; most buttons have none."""
    batch = {"domains": "fresh.example", "name": "Fresh"}
    times = {"frequency": "daily", "time_of_day": "06:00", "time_zone": "UTC"}
    schedule = batch | times | {"while_running": "skip"}
    if address.name.endswith("_chosen"):
        return _selection(world, address)
    token = {"name": "Fresh", "days": "7"}
    forms: dict[str, dict[str, Any]] = {
        "batch_create": batch,
        "scan_one": {"q": "fresh.example"},
        "saved_list_create": {"name": "Fresh", "domains": "fresh.example"},
        "saved_list_import": {"domains": "fresh.example"},
        "saved_list_rename": {"name": "Fresh"},
        "saved_list_remove": {"host": world.rows["domains"].host},
        "schedule_create": schedule,
        "schedule_detail": schedule,
        "schedule_pause": {"until": "2100-01-01"},
        "account_profile": {"first_name": "Fresh"},
        "account_regional": {"time_zone": "Asia/Tokyo"},
        "account_token_create": token,
        "view_create": {"name": "Fresh", "query": "", "columns": "host"},
        "export_create": {"format": "csv", "columns": "host"},
        "view_export": {"format": "csv"},
        "view_baseline": {"number": "0"},
        "list_columns": {"column": ["host"]},
    }
    return forms.get(address.name, COMMON_FIELDS)


def _selection(world: World, address: Address) -> dict[str, Any]:
    """Return a selection of the tenant's row in a list, with the fields of bulk actions."""
    row = world.row(address.route.partition("/")[0])
    sent = {"tags": WORD, "saved_list": WORD, "curation": "selected", "confirmed": "1"}
    return sent | {"pick": [str(row.pk)]}


def body(world: World, address: Address) -> str:
    """Return the JSON body for an API call."""
    bodies: dict[str, dict[str, Any]] = {
        "create_batch": {"domains": ["fresh.example"]},
        "create_sitemap_batch": {"domains": ["fresh.example"]},
        "create_sitemap_scan": {"base_url": "fresh.example"},
        "create_action": {
            "list": "domains",
            "action": "curate",
            "curation": "selected",
            "ids": [str(world.rows["domains"].pk)],
        },
        "list_exports": {"list": "domains"},  # also the name of POST
        "create_schedule": {"name": "Fresh", "domains": "fresh.example"},
        "create_list": {"name": "Fresh", "domains": ["fresh.example"]},
        "delete_list": {"name": "Fresh"},  # also the name of PATCH
        "add_to_list": {"domains": ["fresh.example"]},
        "remove_from_list": {"domains": ["fresh.example"]},
        "pause_schedule": {"until": "2100-01-01T00:00:00Z"},
        "set_baseline": {"number": 0},
        "create_scan": {"base_url": "fresh.example"},
        "create_correction": {"kind": "contact", "id": str(world.row("contacts").pk)},
        "list_corrections": {"kind": "contact", "id": str(world.row("contacts").pk)},
        "queue_sitemaps": {"ids": [str(world.rows["domains"].pk)]},
    }
    return json.dumps(bodies.get(address.name, {}))
