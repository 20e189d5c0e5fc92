"""Accept lists that are too large to become a batch while the user waits.

The list is saved first; then its batch is created, pending and empty, and the queue reads the list
(`batches.building`). A process killed in between leaves a file behind, which housekeeping deletes.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from batches import services
from batches.models import Batch, BatchList
from batches.options import BatchOptions
from batches.skipping import SKIP_NOTHING, Skips
from scrapersky.tenants.models import Tenant, User
from scrapersky.web.database_errors import retry_on_conflict
from scrapersky.web.regional import grouped
from scrapersky.web.slices import enqueue

TASK = "batches.tasks.build_batch"
TASK_NAME = "large batch"
# Age at which a file without a batch is deleted; even a slow upload takes less.
KEEP_FILES = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LargeList:
    """The bytes of a list, and how `scans.engine.lists` should read them."""

    chunks: Iterable[bytes]
    is_json_lines: bool = False
    is_table: bool | None = None
    column: str = ""
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class SavedList:
    """A list in settings.LIST_DIR."""

    path: Path
    source: LargeList


@contextmanager
def saved_list(source: LargeList) -> Iterator[SavedList]:
    """Save a list to a private file, deleted at the end unless a batch was created from it."""
    folder = Path(settings.LIST_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{uuid7()}.list"
    try:
        with open(path, "xb", opener=_private) as file:
            for chunk in source.chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        yield SavedList(path, source)
    finally:
        if not BatchList.objects.filter(file=path.name).exists():
            path.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@retry_on_conflict
def create_large_batch(
    saved: SavedList,
    *,
    tenant: Tenant,
    created_by: User | None,
    options: dict[str, Any] | None = None,
    name: str = "",
    batch_id: UUID | str | None = None,
    processor_type: str = Batch.ProcessorType.DOMAIN_SCAN,
    metadata: dict[str, Any] | None = None,
    skips: Skips = SKIP_NOTHING,
    in_background: bool = True,
) -> Batch:
    """Create the batch of a saved list; it is pending until the list has been read.

    The queue reads the list, or the caller if `in_background` is false. Raises the same errors as
    `services.create_batch`.
    """
    batch = Batch(
        tenant=tenant,
        created_by=created_by,
        name=name.strip(),
        processor_type=processor_type,
        options=BatchOptions.validated(options or {}).as_dict(),
        metadata=metadata or {},
        is_building=True,
    )
    batch.clean_fields()
    with transaction.atomic():
        services.insert_batch(batch, batch_id)
        BatchList.objects.create(
            batch=batch,
            file=saved.path.name,
            is_json_lines=saved.source.is_json_lines,
            is_table=saved.source.is_table,
            column=saved.source.column,
            sheet=saved.source.sheet,
            skip_recent=skips.recent,
            skip_older=skips.older,
            skip_days=skips.days,
            byte_count=saved.path.stat().st_size,
        )
        if in_background:
            enqueue(TASK, TASK_NAME, batch.pk)
    return batch


def create_batch_of_any_size(*, domains: Sequence[str], **columns: Any) -> Batch:
    """Create a batch immediately, or in the background if it is too large for one transaction.

    The arguments and errors are those of `services.create_batch`; the limit is
    MAX_DOMAINS_PER_BATCH.
    """
    most = settings.MAX_DOMAINS_PER_BATCH
    if len(domains) <= services.at_once_limit():
        return services.create_batch(domains=domains, **columns)
    if len(domains) > most:
        raise ValidationError(
            {"domains": f"A batch has at most {grouped(most)} domains; split the list."}
        )
    lines = (f"{host}\n".encode() for host in domains)
    with saved_list(LargeList(lines, is_table=False)) as saved:
        return create_large_batch(saved, **columns)


def delete_orphaned_files() -> None:
    """Delete lists without a batch that are at least a day old, and their sorted hosts."""
    oldest = (timezone.now() - KEEP_FILES).timestamp()
    for path in Path(settings.LIST_DIR).glob("*.list*"):
        try:
            is_old = path.stat().st_mtime < oldest
        except FileNotFoundError:
            continue  # another host's housekeeping was faster
        saved = f"{path.name.partition('.list')[0]}.list"
        if is_old and not BatchList.objects.filter(file=saved).exists():
            path.unlink(missing_ok=True)
