"""The evidence for a domain's contacts: source pages, robots.txt rules and requests.

It answers the question "where did you get my address?".
"""

from typing import Any

from django.utils import timezone

from scans.corrections.reading import corrected_report
from scans.history import scan_of
from scans.models import Contact, Domain, Scan

Sheet = dict[str, Any]
TIMES = ("first_seen", "last_seen", "gone_at")
FACTS = ("label", "address", "confidence", "page_url", "snippet", "method", "person", *TIMES)
USE_FACTS = ("name", "version", "category", "evidence", *TIMES)
# Maximum number of contacts and technologies in one sheet; the lists have the rest.
MOST = 1_000


def contact_sheet(contact: Contact) -> Sheet:
    """Return the evidence for one contact, with the scan that last saw it."""
    earlier = Scan.objects.filter(domain=contact.domain_id, finished_at__lte=contact.last_seen)
    scan = earlier.order_by("-finished_at").first() or scan_of(contact.domain, "")
    sheet = _sheet(contact.domain, scan) | {"contacts": [_contact(contact)]}
    sheet["robots"]["page_disallowed_by"] = contact.page_disallowed_by
    for request in sheet["requests"]:
        request["is_source"] = _is_same_page(request["url"], contact.page_url)
    return sheet


def domain_sheet(domain: Domain) -> Sheet:
    """Return the evidence of everything that was read from a domain, with its latest scan."""
    contacts = list(domain.contacts.visible().order_by("kind", "-confidence", "value")[: MOST + 1])
    uses = list(domain.technology_rows.visible().order_by("category", "name")[: MOST + 1])
    return _sheet(domain, domain.latest_scan) | {
        "contacts": [_contact(contact) for contact in contacts[:MOST]],
        "is_truncated": len(contacts) > MOST,
        "technologies": [{name: getattr(use, name) for name in USE_FACTS} for use in uses[:MOST]],
        "has_more_technologies": len(uses) > MOST,
    }


def _sheet(domain: Domain, scan: Scan | None) -> Sheet:
    report = corrected_report(domain.pk, scan.report) if scan else {}
    return {
        "domain": domain.host,
        "domain_id": domain.pk,
        "printed_at": timezone.now(),
        "scan": _scan(scan, report) if scan else None,
        "robots": dict(report.get("robots", {})),
        "requests": [dict(request) for request in report.get("requests", ())],
    }


def _scan(scan: Scan, report: Sheet) -> Sheet:
    facts = ("final_url", "server_address", "verdict")
    times = {"started_at": scan.started_at, "finished_at": scan.finished_at}
    return {"id": scan.pk, **times, **{name: report.get(name, "") for name in facts}}


def _contact(contact: Contact) -> Sheet:
    facts = {name: getattr(contact, name) for name in FACTS}
    return {"id": contact.pk, "kind": contact.kind, "value": contact.value, **facts}


def _is_same_page(one: str, other: str) -> bool:
    return one.partition("://")[2].rstrip("/") == other.partition("://")[2].rstrip("/")
