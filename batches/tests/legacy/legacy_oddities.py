"""Batches and jobs with every known status, and with unexpected data."""

from batches.tests.legacy.legacy_domains import GONE
from batches.tests.legacy.legacy_ids import (
    MISSING_TENANT,
    NOBODY,
    OTHER_TENANT,
    TENANT,
    USER,
    OldBatch,
    OldJob,
    Row,
    uid,
)
from batches.tests.legacy.legacy_schema import Age

# Known statuses, an unknown one, and their results unless work is requeued.
BATCH_STATUSES = {
    "pending": "cancelled",
    "running": "cancelled",
    "processing": "cancelled",
    "in_progress": "cancelled",
    "complete": "complete",
    "completed": "complete",
    "partial": "partial",
    "failed": "failed",
    "error": "failed",
    "cancelled": "cancelled",
    "unknown": "failed",
    "Purple": "failed",
}

JOB_STATUSES = {
    "pending": "cancelled",
    "Queued": "cancelled",
    "running": "cancelled",
    "processing": "cancelled",
    "InProgress": "cancelled",
    "complete": "complete",
    "Completed": "complete",
    "failed": "failed",
    "Error": "failed",
    "not_found": "failed",
    "cancelled": "cancelled",
    "Purple": "failed",
}
FIRST_STATUS_BATCH = 101
FIRST_STATUS_JOB = 501
# Values of `batch_metadata.domain_statuses` of batches without jobs, by expected status.
OUTCOMES = {
    "complete": '{"a.example.com": {"status": "completed"}, "b.example.com": "completed"}',
    "partial": '{"a.example.com": {"status": "completed"}, "b.example.com": {"status": "error"}}',
    "failed": '{"a.example.com": {"status": "failed"}, "b.example.com": {"status": "error"}}',
    "cancelled": '{"a.example.com": {"status": "cancelled"}, "b.example.com": "pending"}',
}

# A little over one megabyte.
LONG_ERROR = "It failed. " * 95_326
# Two jobs of one batch for one domain.
MANY_OF_ONE_BATCH = (601, 602)

# By the number of the batch.
ODD_BATCHES: dict[int, Row] = {
    201: {"start_time": "infinity", "end_time": "-infinity"},
    202: {"start_time": "0044-03-15 12:00:00 BC", "created_at": "0044-03-15 11:00:00 BC"},
    203: {"progress": 100.0, "processing_time": "NaN"},
    204: {"batch_metadata": '"a scalar"', "options": "17"},
    205: {"batch_metadata": "[1, 2]", "options": "null"},
    206: {"batch_metadata": '{"domain_statuses": 5, "domain_results": "none"}'},
    207: {"error": LONG_ERROR, "status": "failed"},
    208: {"total_domains": None, "completed_domains": -3, "failed_domains": 2147483647},
    209: {"processor_type": "places_search"},
    210: {"processor_type": "domain_sitemap"},
    211: {"created_by": NOBODY, "tenant_id": MISSING_TENANT},
    212: {"tenant_id": OTHER_TENANT},
    213: {"batch_metadata": '{"text": "\\\\u0000 is no NUL, \\ud83d\\ude00 is a face"}'},
    214: {"batch_metadata": '{"domain_results": {"a.example.com": {"status": "completed"}, '
          '"b.example.com": {"status": "failed", "error": "no answer"}}}', "status": "partial"},
    215: {"batch_metadata": None, "options": None, "processing_time": -1.0,
          "end_time": "1999-01-01 00:00:00"},
}  # fmt: skip

# By the number of the job. 616 and 617 are of one batch, for two domains that become one.
ODD_JOBS: dict[int, Row] = {
    601: {"batch_id": f"batch_{uid('b', 3)}", "domain_id": uid("d", 1), "status": "failed",
          "error": "HTTP 503", "created_at": "2025-01-01 10:00:00"},
    602: {"batch_id": f"batch_{uid('b', 3)}", "domain_id": uid("d", 1),
          "created_at": "2025-01-02 10:00:00"},
    603: {"domain_id": GONE, "metadata": '{"domain": "gone.example.com"}'},
    604: {"tenant_id": str(MISSING_TENANT)},
    605: {"tenant_id": "acme"},
    606: {"tenant_id": "", "created_by": NOBODY},
    607: {"progress": 100.0},
    608: {"progress": "NaN", "status": "running"},
    609: {"progress": -0.5, "job_type": "sitemap_scan"},
    610: {"error": LONG_ERROR, "status": "failed"},
    611: {"result": '"a scalar"', "metadata": "[]", "result_data": "5", "job_metadata": '"x"'},
    612: {"started_at": "-infinity", "completed_at": "infinity"},
    613: {"completed_at": "0044-03-15 12:00:00+00 BC", "status": "Completed"},
    614: {"completed_at": None, "started_at": None, "status": "Completed"},
    615: {"domain_id": uid("d", 2), "batch_id": f"batch_{uid('b', 5).hex}"},
    616: {"domain_id": uid("d", 3), "batch_id": f"sitemap_{uid('b', 5).hex}"},
    617: {"domain_id": uid("d", 2), "batch_id": f"sitemap_{uid('b', 5).hex}"},
    618: {"domain_id": uid("d", 12), "batch_id": None},
    619: {"job_type": "email_scan", "result": '{"emails": ["info@rich.example.com"]}',
          "result_data": '{"pages": 3}', "metadata": '{"url": "https://rich.example.com"}',
          "job_metadata": '{"attempt": 2}', "domain_id": uid("d", 1)},
}  # fmt: skip

TENANTS: list[Row] = [
    {"id": TENANT, "name": "Acme", "description": "The first", "is_active": True},
    {"id": OTHER_TENANT, "name": "Globex", "is_active": False},
]
# Two with one name and address, one with none, one whose tenant has no row.
PROFILES: list[Row] = [
    {"id": USER, "tenant_id": TENANT, "name": "Ann", "email": "ann@acme.example", "active": True,
     "role": "ADMIN"},
    {"id": uid("e", 2), "tenant_id": TENANT, "name": "Ann", "email": "ann@acme.example",
     "active": True, "role": "USER"},
    {"id": uid("e", 3), "tenant_id": OTHER_TENANT, "name": None, "email": None, "active": None,
     "role": None},
    {"id": uid("e", 4), "tenant_id": MISSING_TENANT, "name": "Y" * 300,
     "email": "Z" * 200 + "@long.example", "role": "SUPER_ADMIN"},
]  # fmt: skip


def rows(age: Age) -> dict[str, list[Row]]:
    """Return the rows of the tables, by table."""
    return {
        "tenants": TENANTS,
        "profiles": PROFILES,
        "batch_jobs": [*_batches_by_status(age), *_odd_batches(age)],
        "jobs": [*_jobs_by_status(age), *_odd_jobs(age)],
    }


def _batches_by_status(age: Age) -> list[Row]:
    rows = []
    for number, (status, becomes) in enumerate(BATCH_STATUSES.items(), FIRST_STATUS_BATCH):
        output = {"status": status, "batch_metadata": f'{{"domain_statuses": {OUTCOMES[becomes]}}}'}
        rows.append(_batch(number).row(age) | output)
    return rows


def _jobs_by_status(age: Age) -> list[Row]:
    rows = []
    for number, status in enumerate(JOB_STATUSES, FIRST_STATUS_JOB):
        refers = f"batch_{uid('b', 4).hex}"
        rows.append(_job(number, refers).row(age) | {"status": status, "error": "as it was"})
    return rows


def _odd_batches(age: Age) -> list[Row]:
    return [_batch(number).row(age) | facts for number, facts in ODD_BATCHES.items()]


def _odd_jobs(age: Age) -> list[Row]:
    return [_job(number, None).row(age) | facts for number, facts in ODD_JOBS.items()]


def _batch(number: int) -> OldBatch:
    return OldBatch(number, f"batch_{uid('b', number).hex}", uid("b", number))


def _job(number: int, refers: str | None) -> OldJob:
    return OldJob(number, str(uid("c", number)), uid("c", number), refers, None)
