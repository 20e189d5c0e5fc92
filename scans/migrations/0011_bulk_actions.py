import django.db.models.deletion
import django.utils.timezone
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0010_legacy_metadata"),
        ("tenants", "0005_list_preferences"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkAction",
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
                ("list_name", models.CharField(max_length=32)),
                ("operation", models.CharField(max_length=32)),
                ("params", models.JSONField(blank=True, default=dict)),
                ("takes_all", models.BooleanField(default=False)),
                ("query", models.TextField(blank=True)),
                ("picked", models.JSONField(blank=True, default=list)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("running", "Running"),
                            ("complete", "Complete"),
                            ("failed", "Failed"),
                            ("cancelled", "Stopped"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("total", models.PositiveIntegerField(blank=True, null=True)),
                ("done", models.PositiveIntegerField(default=0)),
                ("result", models.JSONField(blank=True, default=dict)),
                ("cursor", models.TextField(blank=True)),
                ("error", models.TextField(blank=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "updated_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
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
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(
                        fields=["tenant", "-created_at", "-id"], name="bulk_action_newest"
                    ),
                    models.Index(
                        condition=models.Q(("status__in", ["pending", "running"])),
                        fields=["updated_at"],
                        name="bulk_action_active",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                ["pending", "running", "complete", "failed", "cancelled"],
                            )
                        ),
                        name="bulk_action_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("finished_at__isnull", True),
                                ("status__in", ["pending", "running"]),
                            ),
                            models.Q(
                                ("finished_at__isnull", False),
                                ("status__in", ["complete", "failed", "cancelled"]),
                            ),
                            _connector="OR",
                        ),
                        name="bulk_action_ended_has_an_end",
                    ),
                ],
            },
        ),
    ]
