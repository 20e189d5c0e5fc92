import datetime

import django.db.models.deletion
import django.utils.timezone
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0003_chores"),
        ("tenants", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RecurringBatch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("domains", models.TextField()),
                ("domain_count", models.PositiveIntegerField()),
                ("options", models.JSONField(blank=True, default=dict)),
                (
                    "frequency",
                    models.CharField(
                        choices=[
                            ("daily", "Every day"),
                            ("weekly", "Every week"),
                            ("monthly", "Every month"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        choices=[
                            (0, "Monday"),
                            (1, "Tuesday"),
                            (2, "Wednesday"),
                            (3, "Thursday"),
                            (4, "Friday"),
                            (5, "Saturday"),
                            (6, "Sunday"),
                        ],
                        null=True,
                    ),
                ),
                ("month_day", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("time_of_day", models.TimeField(default=datetime.time(6, 0))),
                ("enabled", models.BooleanField(default=True)),
                ("next_run_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "updated_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recurring_batches",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "recurring batches",
                "ordering": ["name", "id"],
            },
        ),
        migrations.CreateModel(
            name="RecurringRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("planned_at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("started", "Started"),
                            ("skipped", "Skipped"),
                            ("failed", "Failed"),
                        ],
                        max_length=16,
                    ),
                ),
                ("note", models.TextField(blank=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="recurring_runs",
                        to="batches.batch",
                    ),
                ),
                (
                    "recurring",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="runs",
                        to="batches.recurringbatch",
                    ),
                ),
            ],
            options={
                "ordering": ["-planned_at", "-id"],
            },
        ),
        migrations.AddIndex(
            model_name="recurringbatch",
            index=models.Index(fields=["tenant", "name"], name="recurring_by_name"),
        ),
        migrations.AddIndex(
            model_name="recurringbatch",
            index=models.Index(
                condition=models.Q(("enabled", True)),
                fields=["next_run_at"],
                name="recurring_to_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="recurringbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("frequency__in", ["daily", "weekly", "monthly"])),
                name="recurring_frequency",
            ),
        ),
        migrations.AddConstraint(
            model_name="recurringbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("frequency", "daily"),
                        ("month_day__isnull", True),
                        ("weekday__isnull", True),
                    ),
                    models.Q(
                        ("frequency", "weekly"),
                        ("month_day__isnull", True),
                        ("weekday__isnull", False),
                        ("weekday__range", (0, 6)),
                    ),
                    models.Q(
                        ("frequency", "monthly"),
                        ("month_day__isnull", False),
                        ("month_day__range", (1, 31)),
                        ("weekday__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="recurring_day_fits_its_frequency",
            ),
        ),
        migrations.AddConstraint(
            model_name="recurringbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("enabled", True), ("next_run_at__isnull", False)),
                    models.Q(("enabled", False), ("next_run_at__isnull", True)),
                    _connector="OR",
                ),
                name="recurring_enabled_has_a_next_run",
            ),
        ),
        migrations.AddConstraint(
            model_name="recurringbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("domain_count__gte", 1)), name="recurring_not_empty"
            ),
        ),
        migrations.AddIndex(
            model_name="recurringrun",
            index=models.Index(fields=["recurring", "-planned_at"], name="recurring_run_newest"),
        ),
        migrations.AddConstraint(
            model_name="recurringrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["started", "skipped", "failed"])),
                name="recurring_run_outcome",
            ),
        ),
        migrations.AddConstraint(
            model_name="recurringrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("outcome", "started"), ("batch__isnull", True), _connector="OR"
                ),
                name="recurring_run_started_has_the_batch",
            ),
        ),
    ]
