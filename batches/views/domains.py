"""Scan the domains selected in the list."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect

from batches.services import scan_domains
from scans.lists import DOMAINS
from scrapersky.web.http import ConsoleRequest, control_of
from scrapersky.web.lists.selection import back_to_list, selected_rows


@control_of("domain_list")
def domain_scan_chosen(request: ConsoleRequest) -> HttpResponse:
    """Scan the selected domains as a batch, and show it."""
    try:
        made = scan_domains(
            selected_rows(DOMAINS, request.POST, request.user), created_by=request.user
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return back_to_list(DOMAINS, request.POST)
    if not made:
        messages.warning(request, "Select at least one domain.")
        return back_to_list(DOMAINS, request.POST)
    count = sum(batch.total for batch in made)
    messages.success(request, f"{count:,} domain{' is' if count == 1 else 's are'} being scanned.")
    return redirect("batch_detail", pk=made[0].pk) if len(made) == 1 else redirect("batch_list")
