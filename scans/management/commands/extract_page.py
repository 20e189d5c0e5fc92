"""`manage.py extract_page`: what saved pages tell, read as a scan reads them; no network."""

import gzip
import json
import sys
import zlib
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from scans.engine.extractors import PageFacts, read_page
from scans.engine.extractors.page import MAX_BYTES
from scans.engine.report import Contact, ContactKind
from scrapersky.web.commands import SafeCommand

GZIP = b"\x1f\x8b"


class Command(SafeCommand):
    help = "Read saved pages (plain or .gz) and print what they tell: contacts, technologies, ..."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="a saved page, also .gz")
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--url", default="", help="the address that the pages came from")
        where.add_argument("--urls", metavar="FILE.tsv", help="lines of: page name, tab, address")
        parser.add_argument("--json", action="store_true", help="one JSON object a page and line")

    def handle(self, *, files: list[str], url: str, urls: str | None, **options: Any) -> None:
        known = _read_urls(urls) if urls else {}
        unread = False
        for path in map(Path, files):
            page = path.name.removesuffix(".gz")
            try:
                body = read_saved(path)
            except (OSError, EOFError, zlib.error) as error:
                unread = True
                self.stderr.write(f"{path} cannot be read: {_why(error)}.")
                continue
            facts = read_page(body, known.get(page, url))
            self.stdout.write(as_json(page, facts) if options["json"] else as_words(page, facts))
        if unread:
            sys.exit(1)  # each has had its sentence


def read_saved(path: Path) -> bytes:
    """Return a saved page, decompressed if its content is gzip, as far as a page is read."""
    with path.open("rb") as file:
        if file.read(2) != GZIP:
            file.seek(0)
            return file.read(MAX_BYTES)
        file.seek(0)
        with gzip.GzipFile(fileobj=file) as unpacked:
            return unpacked.read(MAX_BYTES)


def _read_urls(path: str) -> dict[str, str]:
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {_why(error)}.") from error
    return {page: url.strip() for page, _, url in (line.partition("\t") for line in lines)}


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).rstrip(".") or "it ends too early"


def as_json(page: str, facts: PageFacts) -> str:
    """Return one page as a line of JSON."""
    phones = _of_kind(facts.contacts, ContactKind.PHONE)
    return json.dumps(
        {
            "page": page,
            "url": facts.url,
            "emails": _values(_of_kind(facts.contacts, ContactKind.EMAIL)),
            "phones": _values(phone for phone in phones if not is_fax(phone)),
            "faxes": _values(phone for phone in phones if is_fax(phone)),
            "title": facts.title,
            "description": facts.description,
            "language": facts.language,
            "technologies": [technology.name for technology in facts.technologies],
            "social": _values(_of_kind(facts.contacts, ContactKind.SOCIAL)),
            "addresses": _values(_of_kind(facts.contacts, ContactKind.ADDRESS)),
            "charset": facts.charset,
            "canonical_url": facts.canonical_url,
            "favicon_url": facts.favicon_url,
            "logo_url": facts.logo_url,
            "generator": facts.generator,
            "organisation": facts.organisation,
            "feeds": facts.feeds,
            "contacts": [_evidence(contact) for contact in facts.contacts],
        }
    )


def as_words(page: str, facts: PageFacts) -> str:
    """Return one page as a few lines for a person."""
    lines = [f"{page}: {facts.title or 'no title'}"]
    for contact in facts.contacts:
        found = f"{contact.method}, {contact.confidence:.0%}"
        lines.append(f"  {contact.kind:<8} {contact.value}  {contact.label}  ({found})")
    names = ", ".join(technology.name for technology in facts.technologies)
    return "\n".join([*lines, f"  runs on  {names}"] if names else lines)


def is_fax(contact: Contact) -> bool:
    """Say whether a phone number is a fax."""
    return contact.label.endswith("fax")


def _of_kind(contacts: Iterable[Contact], kind: ContactKind) -> list[Contact]:
    return [contact for contact in contacts if contact.kind == kind]


def _values(contacts: Iterable[Contact]) -> list[str]:
    return [contact.value for contact in contacts]


def _evidence(contact: Contact) -> dict[str, Any]:
    return {
        "kind": contact.kind,
        "value": contact.value,
        "label": contact.label,
        "method": contact.method,
        "confidence": contact.confidence,
        "snippet": contact.snippet,
    }
