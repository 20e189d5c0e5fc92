"""Compare the expected result of every older row with the stored row.

Rows that were changed here since are recognised by their timestamps; only their immutable columns,
including references, are compared.
"""

from dataclasses import dataclass, field

from batches.legacy import id_map, inventory
from batches.legacy.context import Context, LegacyError
from batches.legacy.sources import TABLES_OF
from batches.legacy.target import Difference

# Kinds whose older rows are all in the map.
COMPLETE_KINDS = ("tenant", "user", "batch", "job", "domain")
DOMAIN_REFERENCES = """
SELECT count(*) FROM row_job r JOIN old_domains o ON o.id_u = r.domain_own
LEFT JOIN ref_domain d ON d.own = r.domain_own LEFT JOIN plan_job p ON p.integer = r.integer
WHERE coalesce(p.domain, p.doubled) IS NULL AND (d.run_of <= r.run_of) IS NOT FALSE"""


class VerificationFailed(LegacyError):  # noqa: N818 (a name that reads as what it says)
    """The two sides differ; `verdict` says where."""

    def __init__(self, verdict: "Verdict") -> None:
        self.verdict = verdict
        super().__init__("The two sides differ: " + "; ".join(verdict.faults))


def has_earlier_runs(context: Context) -> bool:
    return any(id_map.has_other_runs(context, kind) for kind in COMPLETE_KINDS)


@dataclass
class Verdict:
    """The result of a verification: a comparison per table, and the faults."""

    tables: list[Difference] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def verify(context: Context) -> Verdict:
    """Return the comparison of every table and all faults."""
    _check_keys(context)
    differing = [each.sentence for each in context.differences if not each.is_none]
    return Verdict(context.differences, [*context.faults, *differing])


def follow_references(context: Context) -> None:
    """Add a fault for references without a row."""
    dangling = context.value("SELECT count(*) FROM ref_batch WHERE uuid IS NULL")
    if dangling:
        context.faults.append(f"{dangling} references to a batch do not resolve")
    dangling = context.value(DOMAIN_REFERENCES)
    if dangling:
        context.faults.append(f"{dangling} references of jobs to a domain do not resolve")


def check_counts(context: Context) -> None:
    """Add a fault unless every older row is in the map exactly once.

    Skipped for a later conversion, which loads only new rows."""
    if not context.verifying and has_earlier_runs(context):
        return
    for kind in COMPLETE_KINDS:
        [table] = TABLES_OF[kind]
        if context.size(table) != context.loaded[kind]:
            fault = f"of {context.size(table)} rows of {table} the map has {context.loaded[kind]}"
            context.faults.append(fault)
    context.faults += inventory.faults(context)


def _check_keys(context: Context) -> None:
    """Add a fault for models whose foreign keys are not enforced."""
    if context.is_preview:
        return
    for model in ("batches.Batch", "batches.Job", "scans.Domain"):
        if not _has_valid_keys(context, model):
            context.faults.append(f"the foreign keys of {model} are not all enforced")


def _has_valid_keys(context: Context, model: str) -> bool:
    """Return whether every foreign key of a model is a validated constraint."""
    fields = context.apps.get_model(model)._meta.concrete_fields
    needed = sum(1 for field in fields if field.is_relation)
    valid = context.value(
        "SELECT count(*) FROM pg_constraint WHERE conrelid = to_regclass(%s) "
        "AND contype = 'f' AND convalidated",
        [context.table(model)],
    )
    return bool(valid >= needed)
