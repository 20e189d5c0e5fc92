from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class BatchesConfig(AppConfig):
    name = "batches"
    verbose_name = "Batches"

    def ready(self) -> None:
        from django_q.signals import post_spawn

        import batches.bulk
        import batches.line_list
        import batches.lists  # noqa: F401 (registers the lists)
        from batches.legacy.pending import check_before_migrating
        from batches.runner import recovery

        pre_migrate.connect(check_before_migrating, sender=self)
        post_migrate.connect(make_schedules, sender=self)
        post_spawn.connect(recovery.resume)


def make_schedules(**kwargs: Any) -> None:
    """Create the console's missing schedules; keep those that an operator has edited.

    Names are not unique, so two hosts that migrate at the same time may create a schedule twice;
    exact copies are removed.
    """
    from django.db import connections
    from django.utils import timezone
    from django_q.models import Schedule

    from batches.maintenance import SCHEDULES

    tables = connections[kwargs["using"]].introspection.table_names()
    if Schedule._meta.db_table not in tables:  # during `migrate batches`
        return
    schedules = Schedule.objects.using(kwargs["using"])
    for name, fields in SCHEDULES.items():
        first, *others = schedules.filter(name=name).order_by("pk") or [None]
        if first is None:
            schedules.create(name=name, **fields, next_run=timezone.now())
            continue
        copies = [
            row.pk for row in others if all(getattr(row, f) == getattr(first, f) for f in fields)
        ]
        schedules.filter(pk__in=copies).delete()
