"""Compare the counters of batches with their jobs, in one database snapshot."""

from dataclasses import dataclass

from django.db import connection

from batches.models.job import MAX_ATTEMPTS

BATCHES = """
SELECT b.status, b.total, b.completed, b.failed, b.cancelled,
  count(*) FILTER (WHERE j.status = 'complete'),
  count(*) FILTER (WHERE j.status = 'failed'),
  count(*) FILTER (WHERE j.status = 'cancelled'),
  count(*) FILTER (WHERE j.status IN ('pending', 'running')),
  count(j.id),
  count(*) FILTER (WHERE j.status = 'complete' AND j.scan_id IS NULL),
  (SELECT count(*) FROM scans_scan s
    WHERE NOT EXISTS (SELECT 1 FROM batches_job k WHERE k.scan_id = s.id)),
  max(j.attempts), sum(j.attempts), sum(j.claim_no),
  (SELECT count(*) - count(DISTINCT host) FROM batches_job WHERE worker_id IS NOT NULL)
FROM batches_batch b JOIN batches_job j ON j.batch_id = b.id
GROUP BY b.id ORDER BY b.created_at
"""


@dataclass(frozen=True, slots=True)
class Account:
    """The counters of a batch and of its jobs at one moment."""

    status: str
    total: int
    completed: int
    failed: int
    cancelled: int
    jobs_completed: int
    jobs_failed: int
    jobs_cancelled: int
    jobs_active: int
    jobs: int
    without_scan: int
    # Scans that belong to no job, of any batch: results saved twice.
    scans_of_no_job: int
    most_attempts: int
    attempts: int
    claims: int
    # Of any batch.
    hosts_held_twice: int

    def problems(self) -> list[str]:
        """Return all inconsistencies."""
        counters = (self.total, self.completed, self.failed, self.cancelled)
        true = (self.jobs, self.jobs_completed, self.jobs_failed, self.jobs_cancelled)
        wrong = {
            f"counters {counters} are not the rows' {true}": counters != true,
            f"{self.jobs_active} jobs are active in a batch that is {self.status}": (
                self.has_ended and self.jobs_active > 0
            ),
            "complete in spite of failures": self.status == "complete"
            and self.jobs_completed != self.jobs,
            f"{self.without_scan} complete jobs have no scan": self.without_scan > 0,
            f"{self.scans_of_no_job} results were saved twice": self.scans_of_no_job > 0,
            f"{self.hosts_held_twice} hosts are scanned twice at once": self.hosts_held_twice > 0,
            f"a job was tried {self.most_attempts} times": self.most_attempts > MAX_ATTEMPTS,
        }
        return [sentence for sentence, is_so in wrong.items() if is_so]

    @property
    def has_ended(self) -> bool:
        return self.status in {"complete", "partial", "failed", "cancelled"}


def audit() -> list[Account]:
    """Return the accounts of all batches, oldest first, as of one moment.

    A single statement sees one snapshot, in which counters and rows must agree.
    """
    with connection.cursor() as cursor:
        cursor.execute(BATCHES)
        return [Account(*row) for row in cursor.fetchall()]


def problems() -> list[str]:
    """Return the inconsistencies of all batches."""
    return [sentence for account in audit() for sentence in account.problems()]
