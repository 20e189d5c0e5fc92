import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0004_recurring_batches"),
    ]

    operations = [
        migrations.CreateModel(
            name="LegacyId",
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
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("tenant", "Tenant"),
                            ("user", "User"),
                            ("batch", "Batch"),
                            ("domain", "Domain"),
                            ("job", "Job"),
                            ("sitemap", "Sitemap"),
                            ("page", "Page"),
                            ("contact", "Contact"),
                        ],
                        max_length=16,
                    ),
                ),
                ("original", models.TextField(blank=True, null=True)),
                ("integer", models.BigIntegerField(blank=True, null=True)),
                ("uuid", models.UUIDField()),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("uuid", "It was this UUID"),
                            ("prefix", "The UUID it held"),
                            ("derived", "Derived from its text"),
                            ("integer", "Derived from its integer: it had no id"),
                            ("collision", "Derived: its UUID was another row's"),
                            ("alias", "Another name of the row"),
                            ("merged", "Part of another row"),
                            ("existing", "A row that was there before"),
                            ("reconstructed", "Made up from what refers to it"),
                        ],
                        max_length=16,
                    ),
                ),
                ("made", models.BooleanField()),
            ],
            options={
                "verbose_name": "legacy id",
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("original__isnull", False)),
                        fields=["kind", "original"],
                        name="legacy_id_original",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "tenant",
                                    "user",
                                    "batch",
                                    "domain",
                                    "job",
                                    "sitemap",
                                    "page",
                                    "contact",
                                ],
                            )
                        ),
                        name="legacy_id_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "how__in",
                                [
                                    "uuid",
                                    "prefix",
                                    "derived",
                                    "integer",
                                    "collision",
                                    "alias",
                                    "merged",
                                    "existing",
                                    "reconstructed",
                                ],
                            )
                        ),
                        name="legacy_id_how",
                    ),
                ],
            },
        ),
    ]
