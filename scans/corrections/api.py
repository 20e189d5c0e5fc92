"""Corrections through the API."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from scans.corrections import services
from scans.corrections.models import Correction
from scans.engine.report import Verdict
from scans.filters import PAGE_TYPES
from scans.models import Contact, Domain, Page, Technology
from scrapersky.tenants.access import get_writable, readable
from scrapersky.web.api_auth import caller
from scrapersky.web.api_errors import InputError, Problem
from scrapersky.web.api_input import RequestBody
from scrapersky.web.regional import grouped

router = Router()
REFUSALS: dict[int, Any] = {401: Problem, 403: Problem, 404: Problem, 422: Problem}
MOST_LISTED = 1_000


class CorrectionIn(RequestBody):
    """The wrong result: a contact, a technology, the type of a page or the verdict on a domain."""

    kind: Literal["contact", "technology", "page_type", "verdict"]
    id: UUID = Field(description="The id of the contact, technology, page or domain.")
    right_value: str = Field(
        default="", description="The correct value; only for page types and verdicts."
    )
    in_tenant: bool = Field(
        default=False,
        description="Apply to every domain of your tenant; only for contacts and technologies.",
    )


class CorrectionOut(Schema):
    id: UUID
    domain_id: UUID | None = Field(description="Null if it applies to the whole tenant.")
    kind: str
    contact_kind: str
    value: str
    right_value: str
    url: str
    created_at: datetime


class CorrectionList(Schema):
    corrections: list[CorrectionOut]
    next: str | None = Field(description="Pass it as `before` to get the next rows.")


class Agreement(Schema):
    """The value equals the scan's result, so nothing is corrected."""

    id: None = None


@router.post("", response={201: CorrectionOut, 200: Agreement, **REFUSALS})
def create_correction(request: HttpRequest, payload: CorrectionIn) -> Status:
    """Mark a result as wrong, or set the correct value; it takes effect immediately."""
    correction = _correct(request, payload)
    return Status(201, correction) if correction else Status(200, Agreement())


@router.get("", response={200: CorrectionList, **REFUSALS})
def list_corrections(
    request: HttpRequest, limit: int = 100, before: UUID | None = None
) -> dict[str, Any]:
    """List corrections, newest first."""
    if not 1 <= limit <= MOST_LISTED:
        raise InputError("limit", f"Ask for 1 to {grouped(MOST_LISTED)} corrections.")
    rows = readable(Correction.objects.order_by("-id"), caller(request))
    page = list((rows.filter(pk__lt=before) if before else rows)[: limit + 1])
    following = str(page[limit - 1].pk) if len(page) > limit else None
    return {"corrections": page[:limit], "next": following}


@router.delete("/{correction_id}", response={204: None, **REFUSALS})
def delete_correction(request: HttpRequest, correction_id: UUID) -> Status:
    """Undo a correction: hidden results reappear, replaced ones return to the scan's value."""
    rows: QuerySet[Correction] = Correction.objects.all()
    services.undo(get_writable(rows, caller(request), pk=correction_id))
    return Status(204, None)


def _correct(request: HttpRequest, payload: CorrectionIn) -> Correction | None:
    user = caller(request)
    if payload.kind in ("contact", "technology"):
        if payload.right_value:
            raise InputError(
                "right_value", "A contact or technology has no correct value; leave it out."
            )
        model: Any = Contact if payload.kind == "contact" else Technology
        row = get_writable(model.objects.select_related("domain"), user, pk=payload.id)
        return services.mark_wrong(row, user=user, in_tenant=payload.in_tenant)
    if payload.in_tenant:
        raise InputError("in_tenant", "A page type or verdict is corrected on one domain only.")
    _check_choice(payload)
    if payload.kind == "verdict":
        domain = get_writable(Domain.objects.all(), user, pk=payload.id)
        return services.correct_verdict(domain, payload.right_value, user=user)
    page = get_writable(Page.objects.all(), user, pk=payload.id)
    return services.correct_page_type(page, payload.right_value, user=user)


def _check_choice(payload: CorrectionIn) -> None:
    choices = list(Verdict) if payload.kind == "verdict" else PAGE_TYPES
    if payload.right_value not in choices:
        raise InputError("right_value", f"Choose one of {', '.join(choices)}.")
