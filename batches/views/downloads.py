"""Take the results of a batch away."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import StreamingHttpResponse
from django.views.decorators.http import require_safe

from batches import results_out
from batches.models import Batch
from scrapersky.http import ConsoleRequest
from scrapersky.tenants.access import get_visible


@login_required
@require_safe
def batch_csv(request: ConsoleRequest, pk: UUID) -> StreamingHttpResponse:
    """Download a batch as CSV, to be opened in a spreadsheet."""
    batch = get_visible(Batch.objects.all(), request.user, pk=pk)
    return results_out.csv_download(batch, for_spreadsheet=True)


@login_required
@require_safe
def batch_json(request: ConsoleRequest, pk: UUID) -> StreamingHttpResponse:
    """Download a batch as JSON, with the whole report of each domain."""
    return results_out.json_download(get_visible(Batch.objects.all(), request.user, pk=pk))
