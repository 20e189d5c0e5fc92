"""Pin a contact as the best of its domain, and unpin it: one click each."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.urls import reverse

from scans.best_contacts import pin, unpin
from scans.models import Contact
from scrapersky.tenants.access import get_writable
from scrapersky.web.http import ConsoleRequest, control_of, redirect_back


@control_of("contact_list")
def contact_pin(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Make a contact the best of its kind."""
    return _change(request, pk, pin, "{} is pinned. Later scans keep it.")


@control_of("contact_list")
def contact_unpin(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Let the rule select the best contact again."""
    return _change(request, pk, unpin, "{} is no longer pinned.")


def _change(
    request: ConsoleRequest, pk: UUID, change: Callable[[Contact], None], message: str
) -> HttpResponse:
    contact = get_writable(Contact.objects.all(), request.user, pk=pk)
    try:
        change(contact)
        messages.success(request, message.format(contact.value))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    default = reverse("domain_detail", args=[contact.domain_id])
    return redirect_back(request, default, "contacts")
