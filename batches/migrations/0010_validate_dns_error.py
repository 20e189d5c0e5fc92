"""Do nothing: the previous migration validates its constraint itself."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("batches", "0009_dns_error")]

    operations: list = []
