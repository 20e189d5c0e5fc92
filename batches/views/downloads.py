"""Download the results of a batch."""

from uuid import UUID

from django.http import StreamingHttpResponse
from django.views.decorators.http import require_safe

from batches import exports
from batches.models import Batch
from scrapersky.tenants.access import get_readable
from scrapersky.web.http import ConsoleRequest
from scrapersky.web.lists.formats import Format


@require_safe
def batch_csv(request: ConsoleRequest, pk: UUID) -> StreamingHttpResponse:
    """Download a batch as CSV for spreadsheets."""
    batch = get_readable(Batch.objects.all(), request.user, pk=pk)
    return exports.csv_download(batch, Format.CSV_SPREADSHEET)


@require_safe
def batch_json(request: ConsoleRequest, pk: UUID) -> StreamingHttpResponse:
    """Download a batch as JSON, with the full report of each domain."""
    return exports.json_download(get_readable(Batch.objects.all(), request.user, pk=pk))
