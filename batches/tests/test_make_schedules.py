"""Migrating creates the console's own schedules, regardless of the table's contents."""

import pytest
from django.core.management.sql import emit_post_migrate_signal
from django.db import DEFAULT_DB_ALIAS
from django_q.models import Schedule

from batches.maintenance import MINUTE_KEEPER, SCHEDULES

pytestmark = pytest.mark.django_db


def end_migrating() -> None:
    """Do what `migrate` does when every migration has been applied."""
    emit_post_migrate_signal(verbosity=0, interactive=False, db=DEFAULT_DB_ALIAS)


def test_two_schedules_of_one_name_do_not_stop_a_migration() -> None:
    Schedule.objects.filter(name=MINUTE_KEEPER).delete()
    end_migrating()
    kept = Schedule.objects.get(name=MINUTE_KEEPER)
    for minutes in (kept.minutes, kept.minutes, 7):
        Schedule.objects.create(
            name=kept.name, **SCHEDULES[kept.name] | {"minutes": minutes, "repeats": kept.repeats}
        )

    end_migrating()

    rows = Schedule.objects.filter(name=MINUTE_KEEPER).order_by("pk")
    assert [(row.pk == kept.pk, row.minutes) for row in rows] == [(True, kept.minutes), (False, 7)]


def test_a_schedule_that_an_operator_edited_stays() -> None:
    Schedule.objects.filter(name=MINUTE_KEEPER).update(minutes=5)
    end_migrating()
    assert Schedule.objects.get(name=MINUTE_KEEPER).minutes == 5
