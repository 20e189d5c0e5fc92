from typing import Any

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate


class ScansConfig(AppConfig):
    name = "scans"
    verbose_name = "Scans"

    def ready(self) -> None:
        import scans.bulk.result_operations
        import scans.domain_lists.bulk_operations
        import scans.domain_lists.importing
        import scans.lists  # noqa: F401 (registers the lists)

        post_migrate.connect(ensure_search, sender=self)


def ensure_search(**kwargs: Any) -> None:
    """Restore SQLite's search index, whose triggers are dropped when a table is rebuilt.

    Also refresh the planner's statistics, because migrations may have added indexes.
    """
    from scans.models import Domain
    from scans.text_search import ensure_index
    from scrapersky.web.lists.statistics import refresh_statistics

    connection = connections[kwargs["using"]]
    if Domain._meta.db_table in connection.introspection.table_names():
        ensure_index(connection)
    if kwargs.get("plan") and kwargs["using"] == DEFAULT_DB_ALIAS:
        refresh_statistics(all_tables=True)
