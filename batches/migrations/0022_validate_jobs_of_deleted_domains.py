"""Do nothing: the previous migration validates its constraint itself."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("batches", "0021_jobs_of_deleted_domains")]

    operations: list = []
