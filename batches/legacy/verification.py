"""Compare both sides: every older row and what it should be with what is there.

Rows that this system has changed since are told by their timestamps; of these only what nobody
changes is compared, their references among it.
"""

from dataclasses import dataclass, field

from batches.legacy import (
    batches,
    domains,
    findings,
    id_map,
    inventory,
    jobs,
    references,
    tenants,
    users,
)
from batches.legacy.run import LegacyError, Run
from batches.legacy.steps import bounds
from batches.legacy.target import Difference, Rows, compare

BROUGHT = {
    "tenant": "tenants",
    "user": "profiles",
    "batch": "batch_jobs",
    "job": "jobs",
    "domain": "domains",
}
"""Kind of the map -> older table."""
WHOLE: tuple[Rows, ...] = (
    tenants.TENANTS,
    users.USERS,
    users.MEMBERSHIPS,
    references.RECONSTRUCTED,
    domains.DOMAINS,
    findings.CONTACT_ROWS,
    findings.TECHNOLOGY_ROWS,
)
IN_PARTS = ((batches.BATCHES, "plan_batch"), (jobs.JOBS, "plan_job"))
DOMAIN_REFERENCES = """
SELECT count(*) FROM row_job r JOIN old_domains o ON o.id_u = r.domain_own
LEFT JOIN ref_domain d ON d.own = r.domain_own LEFT JOIN plan_job p ON p.integer = r.integer
WHERE coalesce(p.domain, p.doubled) IS NULL AND (d.run_of <= r.run_of) IS NOT FALSE"""


class VerificationFailed(LegacyError):  # noqa: N818 (a name that reads as what it says)
    """The two sides differ; the findings say where."""

    def __init__(self, verdict: "Verdict") -> None:
        self.verdict = verdict
        super().__init__("The two sides differ: " + "; ".join(verdict.faults))


def has_earlier_runs(run: Run) -> bool:
    return any(id_map.has_other_runs(run, kind) for kind in BROUGHT)


@dataclass
class Verdict:
    """What a verification found: a line for each table, and what is wrong."""

    tables: list[Difference] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def verify(run: Run) -> Verdict:
    """Compare what is planned in the temporary tables with what is there."""
    verdict = Verdict()
    _check_counts(run, verdict)
    _check_references(run, verdict)
    for rows in (*WHOLE, *inventory.written(run)):
        _add(verdict, compare(run, rows))
    for rows, planned in IN_PARTS:
        whole = Difference(rows.model)
        for low, high in bounds(run, planned):
            whole.join(compare(run, rows, low, high))
        _add(verdict, whole)
    return verdict


def _add(verdict: Verdict, difference: Difference) -> None:
    verdict.tables.append(difference)
    if not difference.is_none:
        verdict.faults.append(difference.sentence)


def _check_counts(run: Run, verdict: Verdict) -> None:
    """Every older row is in the map once; a later run has planned what is new alone."""
    if not run.verifying and has_earlier_runs(run):
        return
    for kind, table in BROUGHT.items():
        there = run.value(f"SELECT count(*) FROM old_{table}")
        ours = "WHERE listed" if kind == "tenant" else ""
        mapped = run.value(f"SELECT count(*) FROM row_{kind} {ours}")
        if there != mapped:
            verdict.faults.append(f"of {there} rows of {table} the map has {mapped}")
    verdict.faults += inventory.faults(run)


def _check_references(run: Run, verdict: Verdict) -> None:
    """Every reference means a row, and the database holds it to that."""
    lost = run.value("SELECT count(*) FROM ref_batch WHERE uuid IS NULL")
    if lost:
        verdict.faults.append(f"{lost} references to a batch mean none")
    lost = run.value(DOMAIN_REFERENCES)
    if lost:
        verdict.faults.append(f"{lost} references of jobs to a domain mean none")
    for model in ("batches.Batch", "batches.Job", "scans.Domain"):
        if not _has_valid_keys(run, model):
            verdict.faults.append(f"the foreign keys of {model} are not all enforced")


def _has_valid_keys(run: Run, model: str) -> bool:
    """Say whether each foreign key of a model is a validated constraint of its table."""
    fields = run.apps.get_model(model)._meta.concrete_fields
    needed = sum(1 for field in fields if field.is_relation)
    valid = run.value(
        "SELECT count(*) FROM pg_constraint WHERE conrelid = to_regclass(%s) "
        "AND contype = 'f' AND convalidated",
        [run.table(model)],
    )
    return bool(valid >= needed)
