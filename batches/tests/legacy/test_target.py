"""Rows are written into tables as they are, even if the models have changed."""

from typing import Any

from django.apps import apps
from django.db import connection, models

from batches.legacy.context import Context
from batches.legacy.target import Rows, insert
from scrapersky.tenants.models import Tenant

TENANT = "7c9f3f5e-0d0a-4a43-8a5e-3b1f3b8f0a11"


class Later:
    """The state of the models at a later time: a tenant has a plan."""

    def get_model(self, label: str) -> Any:
        model = apps.get_model(label)

        class Meta:
            db_table = model._meta.db_table
            concrete_fields = [*model._meta.concrete_fields, _plan()]

        class Model:
            _meta = Meta

        return Model


def _plan() -> models.Field:
    field = models.JSONField(default=lambda: {"name": "free's"})
    field.set_attributes_from_name("plan")
    return field


def rows(**columns: str) -> Rows:
    expressions = {"id": f"'{TENANT}'::uuid", "name": "'Acme'", "auto_submit_sitemaps": "false",
             "created_at": "now()", **columns}  # fmt: skip
    return Rows(model="tenants.Tenant", columns=expressions, source="(SELECT 1) AS one")


def test_a_column_that_the_table_needs_besides_gets_its_default(legacy: Any) -> None:
    legacy.execute("ALTER TABLE tenants_tenant ADD plan jsonb NOT NULL DEFAULT '{}'")
    legacy.execute("ALTER TABLE tenants_tenant ALTER plan DROP DEFAULT")
    insert(Context(connection, Later(), legacy), rows())  # type: ignore[arg-type]
    legacy.execute("SELECT plan ->> 'name' FROM tenants_tenant WHERE id = %s", [TENANT])
    assert legacy.fetchone()[0] == "free's"


def test_a_column_that_the_table_does_not_have_yet_is_left_out(legacy: Any) -> None:
    insert(Context(connection, apps, legacy), rows(colour="'red'"))
    assert Tenant.objects.get(pk=TENANT).name == "Acme"
