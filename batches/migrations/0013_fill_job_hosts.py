"""Fill the host of existing jobs from their domain, by the rule of `Job.host` at this time."""

import re
from typing import Any

from django.db import migrations

POSTGRES = r"""
UPDATE batches_job j
SET host = regexp_replace(regexp_replace(lower(d.host), ':[0-9]+$', ''), '^www\.', '')
FROM scans_domain d WHERE d.id = j.domain_id AND j.host = ''"""
SQLITE = """
UPDATE batches_job SET host = (SELECT host_key(d.host) FROM scans_domain d WHERE d.id = domain_id)
WHERE domain_id IS NOT NULL AND host = ''"""


def host_key(name: str) -> str:
    return re.sub(r":\d+$", "", name.lower()).removeprefix("www.")


def fill(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRES)
        else:
            connection.connection.create_function("host_key", 1, host_key)
            cursor.execute(SQLITE)


class Migration(migrations.Migration):
    dependencies = [("batches", "0012_hosts_and_workers"), ("scans", "0001_initial")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
