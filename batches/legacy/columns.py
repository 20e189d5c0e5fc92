"""Decide how each column of the older tables is converted."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from batches.legacy.reading import OlderTables
from batches.legacy.sources import WITH_EXTRA, known_columns

CARRIED, KEPT, DROPPED = "carried over", "kept in metadata", "dropped"
NOTHING_LIKE_IT = "this system has nothing like it"
# Columns whose values are kept for reference only.
IN_METADATA = {
    "batch_jobs": {
        "total_domains",
        "completed_domains",
        "failed_domains",
        "progress",
        "processing_time",
    },
    "contacts": {"name"},
    "sitemap_urls": {"sitemap_id"},
}
LOST = {
    "tenants": {
        "description": "tenants have no description here",
        "is_active": "every tenant is active here",
        "updated_at": "changes of tenants are not recorded here",
    },
    "profiles": {
        "active": "nobody from the older system can log in until somebody lets them in",
        "avatar_url": "accounts have no picture here",
        "bio": "accounts have no text about the person here",
        "role_id": "the role is carried over by its name",
        "updated_at": "changes of accounts are not recorded here",
    },
}
# Tables that are not converted, and the reason; others have no counterpart here.
_ROLES = "roles are carried over from profiles"
_PLACES = "this system does not search for places"
LOST_TABLES = {
    "user_tenants": "users are members of the tenant of their profile",
    **dict.fromkeys(("roles", "permissions", "role_permissions", "user_roles"), _ROLES),
    **dict.fromkeys(("local_businesses", "place_searches", "places_staging"), _PLACES),
}


@dataclass(frozen=True, slots=True)
class Fate:
    """How a column is converted; if it is dropped, why."""

    table: str
    column: str
    group: str
    reason: str = ""
    # Whether the table is not converted at all.
    of_lost_table: bool = False


def fate_of(table: str, column: str) -> Fate:
    """Return how a column is converted; unknown columns are kept if the table has metadata."""
    if reason := LOST.get(table, {}).get(column):
        return Fate(table, column, DROPPED, reason)
    if column in known_columns(table):
        group = KEPT if column in IN_METADATA.get(table, ()) else CARRIED
        return Fate(table, column, group)
    if table in WITH_EXTRA:
        return Fate(table, column, KEPT)
    return Fate(table, column, DROPPED, NOTHING_LIKE_IT)


def fates(older: OlderTables) -> list[Fate]:
    """Return how each column of an installation is converted."""
    listed = [fate_of(table, column) for table in older.present for column in older.columns[table]]
    for table, columns in older.others.items():
        reason = f"the table is not converted: {LOST_TABLES.get(table, NOTHING_LIKE_IT)}"
        listed += [Fate(table, column, DROPPED, reason, of_lost_table=True) for column in columns]
    return listed


def summary(column_fates: Iterable[Fate]) -> Iterator[str]:
    """Yield one line with the column counts, then one for each dropped column or table."""
    listed = list(column_fates)
    counts = Counter(fate.group for fate in listed if not fate.of_lost_table)
    counted = ", ".join(f"{counts[group]:,} {group}" for group in (CARRIED, KEPT, DROPPED))
    yield f"columns: {counted}"
    for fate in listed:
        if fate.group == DROPPED and not fate.of_lost_table:
            yield f"  {fate.table}.{fate.column} is dropped: {fate.reason}"
    lost = dict.fromkeys(fate.table for fate in listed if fate.of_lost_table)
    if lost:
        yield f"  tables that are not converted: {', '.join(lost)}"
