"""Convert all rows of an older system in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from django.apps.registry import Apps
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from batches.legacy import (
    adoption,
    batches,
    best_contacts,
    columns,
    contacts_and_technologies,
    domains,
    foreign_keys,
    indexes,
    inventory,
    jobs,
    preview,
    reading,
    references,
    report,
    tenants,
    unfinished,
    users,
)
from batches.legacy.context import Context, LegacyError, at_work
from batches.legacy.steps import Progress, Step, perform, silent
from batches.legacy.verification import (
    Verdict,
    VerificationFailed,
    check_counts,
    follow_references,
    has_earlier_runs,
    verify,
)

# Plan every row; only the id map is written.
PLAN = (
    Step("reading jobs", jobs.gather),
    Step("tenants", tenants.plan),
    Step("users", users.plan),
    Step("ids of batches", batches.plan_ids),
    Step("ids of jobs", jobs.plan_ids),
    Step("ids of domains", domains.plan),
    Step("references", references.resolve),
    Step("statuses of batches", batches.read_statuses),
    Step("statuses of jobs", jobs.read_statuses),
    Step("plan of jobs", jobs.plan),
    Step("following references", follow_references),
    Step("making room", jobs.make_room),
    Step("plan of batches", batches.plan),
    Step("reconstructed batches", references.plan),
    Step("sitemaps, pages, contacts", inventory.plan),
    Step("counting older rows", check_counts),
    Step("findings", contacts_and_technologies.plan),
    Step("best contacts", best_contacts.plan),
)
# Write and compare (or only compare) every table, parents before children.
MAKE = (
    Step("preparing", foreign_keys.wait),
    Step("dropping indexes", indexes.drop),
    Step("tenants", tenants.make),
    Step("users", users.make),
    Step("batches", batches.make),
    Step("reconstructed batches", references.make),
    Step("domains", domains.make),
    Step("jobs", jobs.make),
    Step("sitemaps, pages, contacts", inventory.make),
    Step("contacts and technologies", contacts_and_technologies.make),
    Step("building indexes", indexes.build),
)
# Update rows of earlier runs.
MEND = (
    Step("keys", foreign_keys.hold),
    Step("counting", unfinished.recount),
    Step("domains added since", jobs.find_domains),
    Step("tenants known since", adoption.move_jobs),
    Step("best contacts", best_contacts.choose_later),
    Step("numbers of technologies", contacts_and_technologies.forget_counts),
)
REQUEUE = Step("putting unfinished jobs in line", unfinished.requeue)


@dataclass(frozen=True)
class ConversionOptions:
    """The options of a conversion."""

    dry_run: bool = False
    requeue_unfinished: bool = False
    report_file: str = ""


@dataclass
class Outcome:
    """The result of a conversion or a verification."""

    tables: list[report.Table] = field(default_factory=list)
    notes: list[report.Topic] = field(default_factory=list)
    # How each column of the older tables is converted.
    fates: list[columns.Fate] = field(default_factory=list)
    # For the rows of this run.
    verdict: Verdict = field(default_factory=Verdict)
    # For the rows of all runs; None if this is the first.
    since: Verdict | None = None

    @property
    def converted(self) -> int:
        """Return the number of ids written to the map."""
        return sum(table.converted for table in self.tables)


@contextmanager
def opened(
    connection: BaseDatabaseWrapper, apps: Apps, source: str = "", *, dry_run: bool = False
) -> Iterator[Context]:
    """Yield a run over the older tables, in the same database or in `source`.

    Call it inside a transaction; a second conversion waits for the first. If the database is not
    up to date, a dry run uses empty tables of its own.
    """
    check_target(connection)
    with at_work(connection, apps) as context:
        if dry_run and not preview.is_up_to_date(connection):
            preview.create_tables(context)
        older = reading.fetch(context, source) if source else reading.attach(context)
        context.fates = columns.fates(older)
        yield context


def check_target(connection: BaseDatabaseWrapper) -> None:
    """Raise if rows cannot be converted into this database."""
    if connection.vendor != "postgresql":
        raise LegacyError("Legacy data can be converted into a PostgreSQL database only.")


def convert(
    connection: BaseDatabaseWrapper,
    apps: Apps,
    *,
    source: str = "",
    options: ConversionOptions | None = None,
    progress: Progress = silent,
) -> Outcome:
    """Convert and verify all rows that no earlier run has converted; return the result.

    An error or a difference rolls everything back. `source` is the alias of another database.
    """
    options = options or ConversionOptions()
    if options.report_file:
        report.check_writable(options.report_file)
    with transaction.atomic(using=connection.alias):
        with opened(connection, apps, source, dry_run=options.dry_run) as context:
            outcome = _convert(context, options, progress)
        if options.dry_run:
            transaction.set_rollback(True, using=connection.alias)
    return outcome


def _convert(context: Context, options: ConversionOptions, progress: Progress) -> Outcome:
    context.start()
    perform(
        context, (*PLAN, *MAKE, *MEND, *([REQUEUE] if options.requeue_unfinished else [])), progress
    )
    tables = report.tables(context, with_shapes=options.dry_run)
    outcome = Outcome(tables, report.topics(context), context.fates)
    if options.report_file:
        report.write(context, options.report_file)
    outcome.verdict = verify(context)
    if outcome.verdict.faults:
        raise VerificationFailed(outcome.verdict)
    outcome.since = _since(context, progress)
    return outcome


def _since(context: Context, progress: Progress) -> Verdict | None:
    """Compare the rows of all runs; return None if this is the first.

    Rows of earlier runs may have changed in either system since. Such differences are reported
    but do not block the conversion.
    """
    if not has_earlier_runs(context):
        return None
    again = replace(context, verifying=True, loaded={}, faults=[], differences=[])
    again.start()
    perform(again, (*PLAN, *MAKE), progress)
    return verify(again)


def check(
    connection: BaseDatabaseWrapper, apps: Apps, *, source: str = "", progress: Progress = silent
) -> Verdict:
    """Verify the rows of earlier runs without writing anything."""
    with transaction.atomic(using=connection.alias), opened(connection, apps, source) as context:
        context.verifying = True
        context.start()
        perform(context, (*PLAN, *MAKE), progress)
        return verify(context)
