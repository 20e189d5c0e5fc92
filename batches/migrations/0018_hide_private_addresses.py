"""Move the private addresses that earlier sentences named into their own column.

Only a superuser sees that column. Reversed, the sentences stay as they are.
"""

import re

from django.db import migrations

NAMED = re.compile(r"^(\S+) \(([0-9A-Fa-f:.]+)(?:%\w+)?\) is a private or reserved address")
CHUNK = 1_000


def hide(apps, schema_editor):
    jobs = apps.get_model("batches", "Job").objects
    rows = jobs.filter(failure_reason="blocked_address").order_by("pk").only("error", "result")
    some = list(rows[:CHUNK])
    while some:
        for job in some:
            _hide(job)
        jobs.bulk_update(some, ["error", "result", "private_address"])
        some = list(rows.filter(pk__gt=some[-1].pk)[:CHUNK])


def _hide(job):
    if match := NAMED.match(job.error):
        job.private_address = match[2]
    job.error = _without_address(job.error)
    requests = job.result.get("requests") if isinstance(job.result, dict) else None
    for request in requests or ():
        request["error"] = _without_address(request.get("error", ""))


def _without_address(sentence):
    return NAMED.sub(r"\1 has a private or reserved address", sentence)


class Migration(migrations.Migration):
    dependencies = [("batches", "0017_private_address")]

    operations = [migrations.RunPython(hide, migrations.RunPython.noop)]
