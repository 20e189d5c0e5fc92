from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0011_bulk_actions"),
    ]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="is_pinned",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name="domain",
            name="best_email",
            field=models.CharField(blank=True, max_length=500, null=True),
        ),
        migrations.AddField(
            model_name="domain",
            name="best_phone",
            field=models.CharField(blank=True, max_length=500, null=True),
        ),
        migrations.AddIndex(
            model_name="domain",
            index=models.Index(fields=["tenant", "best_email", "id"], name="domain_by_best_email"),
        ),
        migrations.AddIndex(
            model_name="domain",
            index=models.Index(fields=["tenant", "best_phone", "id"], name="domain_by_best_phone"),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.UniqueConstraint(
                condition=Q(is_pinned=True),
                fields=("domain", "kind"),
                name="one_pinned_contact_a_kind",
            ),
        ),
    ]
