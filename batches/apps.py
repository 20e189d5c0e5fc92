from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BatchesConfig(AppConfig):
    name = "batches"
    verbose_name = "Batches"

    def ready(self) -> None:
        from django_q.signals import post_spawn

        from batches.runner import recovery

        post_migrate.connect(make_schedules, sender=self)
        post_spawn.connect(recovery.resume)


def make_schedules(**kwargs: Any) -> None:
    """Make the schedules that keep the console going; one that an operator edited stays."""
    from django.utils import timezone
    from django_q.models import Schedule

    from batches.maintenance import SCHEDULES

    for name, fields in SCHEDULES.items():
        Schedule.objects.using(kwargs["using"]).get_or_create(
            name=name, defaults={**fields, "next_run": timezone.now()}
        )
