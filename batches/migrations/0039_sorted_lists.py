"""Sort the hosts of large lists before their jobs are added."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0038_batch_lists_of_all_tenants"),
    ]

    operations = [
        migrations.AddField(
            model_name="batchlist",
            name="first_half_end",
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="batchlist",
            name="middle",
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="batchlist",
            name="runs",
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.AddField(
            model_name="batchlist",
            name="second_half_end",
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="batchlist",
            name="sorted_bytes",
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
    ]
