"""Migrations of accounts that convert or drop data."""

from typing import Any

import pytest
from django.db import connection
from django_test_migrations.migrator import Migrator


@pytest.mark.django_db(transaction=True)
def test_the_names_and_addresses_that_axes_stored_are_dropped(migrator: Migrator) -> None:
    old: Any = migrator.apply_initial_migration(("tenants", "0002_login_delays")).apps
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE axes_accessattempt (username varchar(255))")
    kind = old.get_model("contenttypes", "ContentType").objects.create(
        app_label="axes", model="accessattempt"
    )
    old.get_model("auth", "Permission").objects.create(content_type=kind, codename="see", name="x")
    new: Any = migrator.apply_tested_migration(("tenants", "0003_drop_axes")).apps
    assert "axes_accessattempt" not in connection.introspection.table_names()
    assert not new.get_model("contenttypes", "ContentType").objects.filter(app_label="axes")
    assert not new.get_model("auth", "Permission").objects.filter(codename="see")
