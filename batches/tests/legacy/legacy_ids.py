"""Batches and jobs with every known form of id, and the expected UUIDs.

Ids without a UUID are converted to a version 5 UUID derived from the string.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from batches.tests.legacy.legacy_schema import Age

Row = dict[str, Any]
Becomes = UUID | str


def uid(kind: str, number: int) -> UUID:
    """Return a UUID that shows its kind: `b` for a batch, `c` for a job, `d` for a domain."""
    return UUID(f"{kind * 2}{number:06d}-cafe-4bad-9ace-{number:012d}")


TENANT = uid("a", 1)
OTHER_TENANT = uid("a", 2)
# Referenced, but without a row.
MISSING_TENANT = uid("a", 9)
USER = uid("e", 1)
# Referenced as a creator, but without a profile.
NOBODY = uid("e", 9)


@dataclass(frozen=True)
class OldBatch:
    """A row of `batch_jobs`: its id and the resulting UUID."""

    number: int
    text: str | None
    becomes: Becomes
    # When it was created; of two rows with the same id, the first keeps the UUID.
    minute: int = 0

    @property
    def minted(self) -> UUID | None:
        """Return the script's result for the id: a random UUID if it contains none."""
        if not self.text:
            return None
        return self.becomes if isinstance(self.becomes, UUID) else uid("f", self.number)

    def row(self, age: Age) -> Row:
        row = {
            "id": self.number,
            "tenant_id": TENANT,
            "processor_type": "domain_scan",
            "status": "completed",
            "created_by": USER,
            "total_domains": 1,
            "completed_domains": 1,
            "failed_domains": 0,
            "progress": 1.0,
            "batch_metadata": '{"source": "import"}',
            "options": '{"max_pages": 50}',
            "start_time": f"2025-01-01 10:{self.minute:02d}:01",
            "end_time": f"2025-01-01 11:{self.minute:02d}:00",
            "processing_time": 3599.0,
            "created_at": f"2025-01-01 10:{self.minute:02d}:00",
            "updated_at": f"2025-01-01 11:{self.minute:02d}:00",
            "batch_id": self.text,
        }
        return row | self._converted() if age == "after" else row

    def _converted(self) -> Row:
        """Return the columns as left by the script."""
        text = str(self.minted) if self.minted else None
        named = {"batch_id_original": self.text, "batch_id_string": text}
        if self.number % 2:  # the script ran twice, with the columns swapped
            named = {"batch_id_original": self.text, "batch_id_string": self.text}
        return {"batch_id": self.minted, "id_uuid": uid("9", self.number), **named}


@dataclass(frozen=True)
class OldJob:
    """A row of `jobs`: its id, its batch reference, and the expected results.

    `batch` is the number of its batch, None for none, or the UUID of a batch that has no row and is
    reconstructed from its jobs.
    """

    number: int
    text: str | None
    becomes: Becomes
    refers: str | None
    batch: int | Becomes | None
    ages: tuple[Age, ...] = ("old", "before", "after")

    def row(self, age: Age) -> Row:
        minted = self.becomes if isinstance(self.becomes, UUID) else uid("8", self.number)
        row = {
            "id": self.number,
            "job_id": minted if age == "after" else self.text,
            "tenant_id": str(TENANT),
            "job_type": "domain_scan",
            "status": "completed",
            "progress": 1.0,
            "domain_id": None,
            "batch_id": self.refers,
            "created_by": USER,
            "result": '{"title": "A page"}',
            "started_at": "2025-01-01 10:30:00+00",
            "completed_at": "2025-01-01 10:31:00+00",
            "created_at": "2025-01-01 10:00:00",
            "updated_at": "2025-01-01 10:31:00",
        }
        if age == "after":
            row |= {"id_uuid": uid("7", self.number), "tenant_id_uuid": TENANT}
        return row


def _b(number: int) -> UUID:
    return uid("b", number)


def _c(number: int) -> UUID:
    return uid("c", number)


SHORT = "scan_" + "0123456789abcdef0123456789abcxyz"
# As of "before". In an "after" database `minted` is the id, where there is one.
BATCHES = (
    OldBatch(1, f"batch_{_b(1).hex}", _b(1)),
    OldBatch(2, f"{_b(2)}", _b(2)),
    OldBatch(3, f"batch_{_b(3)}", _b(3)),
    OldBatch(4, f"batch_domain_sitemap_{_b(4)}", _b(4)),
    OldBatch(5, f"sitemap_{_b(5).hex}", _b(5)),
    OldBatch(6, SHORT, SHORT),
    OldBatch(7, "batch_0123456789ab", "batch_0123456789ab"),
    OldBatch(8, f"batch_{_b(8)}_1a2b3c4d", f"batch_{_b(8)}_1a2b3c4d"),
    OldBatch(9, "job_1a2b3c4d", "job_1a2b3c4d"),
    OldBatch(10, "domain_batch_20250920_101112", "domain_batch_20250920_101112"),
    OldBatch(11, "310", "310"),
    OldBatch(12, "test-batch", "test-batch"),
    OldBatch(13, f"  batch_{_b(13).hex}", _b(13)),
    OldBatch(14, f"BATCH_{_b(14)}".upper(), _b(14)),
    OldBatch(15, "", "15"),
    OldBatch(16, None, "16"),
    OldBatch(17, f"batch_{_b(17).hex}", _b(17), minute=1),
    OldBatch(18, f"batch_{_b(17).hex}", f"batch_{_b(17).hex}#18", minute=2),
    OldBatch(19, f"{_b(19)}", _b(19), minute=1),
    OldBatch(20, f"batch_{_b(19).hex}", f"batch_{_b(19).hex}#20", minute=2),
    OldBatch(21, "twice-named", "twice-named#21", minute=9),
    OldBatch(22, "twice-named", "twice-named", minute=3),
    OldBatch(310, f"batch_{_b(310).hex}", _b(310)),
    OldBatch(311, f"batch_{_b(311).hex}", _b(311)),
)

# A job for each way to refer to a batch. "310" is the id of one batch and the number of another:
# the id comes first.
JOBS = (
    *(
        OldJob(batch.number, str(_c(batch.number)), _c(batch.number), batch.text, batch.number)
        for batch in BATCHES
        if batch.number not in (15, 16, 18, 21)
    ),
    OldJob(401, str(_c(401)), _c(401), "311", 311),
    OldJob(402, str(_c(402)), _c(402), str(_b(2)).upper(), 2),
    OldJob(403, str(_c(403)), _c(403), f"batch_{_b(2).hex}", 2),
    OldJob(404, str(_c(404)), _c(404), None, None),
    OldJob(405, str(_c(405)), _c(405), "", None),
    OldJob(406, str(_c(406)), _c(406), f"batch_{_b(900).hex}", _b(900)),
    OldJob(407, str(_c(407)), _c(407), f"{_b(900)}", _b(900)),
    OldJob(408, str(_c(408)), _c(408), "lost-batch", "lost-batch"),
    OldJob(409, str(_c(409)), _c(409), str(uid("9", 6)), 6, ages=("after",)),
    OldJob(410, str(_c(410)), _c(410), str(uid("f", 7)), 7, ages=("after",)),
    OldJob(411, f"batch_{_b(1)}_1a2b3c4d", f"batch_{_b(1)}_1a2b3c4d", f"batch_{_b(1).hex}", 1),
    OldJob(412, f"batch_{_b(1)}_5e6f7a8b", f"batch_{_b(1)}_5e6f7a8b", f"batch_{_b(1).hex}", 1),
    OldJob(413, "job_1a2b3c4d", "job_1a2b3c4d", "test-batch", 12),
    OldJob(414, f"job_{_c(414).hex}", _c(414), "test-batch", 12),
    OldJob(415, "job_1a2b3c4d", "job_1a2b3c4d#415", "test-batch", 12),
    OldJob(416, None, "416", "test-batch", 12, ages=("old", "before")),
)


def rows(age: Age) -> dict[str, list[Row]]:
    """Return the rows of the tables, by table."""
    jobs = [job.row(age) for job in JOBS if age in job.ages]
    return {"batch_jobs": [batch.row(age) for batch in BATCHES], "jobs": jobs}
