"""`manage.py extract_page`: read saved pages as a scan reads them, with no network."""

import gzip
import json
import sys
import zlib
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import CommandError

from scans.engine.extractors import PageFacts, read_page
from scans.engine.extractors.page import MAX_BYTES
from scans.engine.report import Contact, ContactKind, Verdict
from scans.engine.verdict import judge
from scrapersky.web.commands import SafeCommand

GZIP = b"\x1f\x8b"


class Command(SafeCommand):
    help = "Read saved pages (plain or .gz) and print their contacts, technologies and verdict."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="a saved page, also .gz")
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--url", default="", help="the URL that the page came from")
        where.add_argument("--urls", metavar="FILE.tsv", help="lines of page name, tab, URL")
        parser.add_argument(
            "--status", type=_status, default=200, help="the HTTP status of the pages (default 200)"
        )
        parser.add_argument(
            "--header",
            dest="headers",
            action="append",
            default=[],
            type=_header,
            metavar="'NAME: VALUE'",
            help="a response header of the pages; repeatable",
        )
        parser.add_argument(
            "--person-names",
            action="store_true",
            help="print the names and positions stated beside contacts",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object per page")

    def handle(self, *, files: list[str], url: str, urls: str | None, **options: Any) -> None:
        known = _read_urls(urls) if urls else {}
        headers = _joined(options["headers"])
        unread = False
        for path in map(Path, files):
            page = path.name.removesuffix(".gz")
            try:
                body = read_saved(path)
            except (OSError, EOFError, zlib.error) as error:
                unread = True
                self.stderr.write(f"{path} cannot be read: {_why(error)}.")
                continue
            response = Response(
                known.get(page, url), options["status"], headers, options["person_names"]
            )
            facts = response.read(body)
            verdict = response.judge(facts)
            write = as_json if options["json"] else as_text
            self.stdout.write(write(page, facts, verdict))
        if unread:
            sys.exit(1)  # every failure has been reported


@dataclass(frozen=True, slots=True)
class Response:
    """The metadata of the response with which a page was saved."""

    url: str
    status: int
    headers: Mapping[str, str]
    person_names: bool = False

    def read(self, body: bytes) -> PageFacts:
        content_type = next((v for n, v in self.headers.items() if n.lower() == "content-type"), "")
        return read_page(body, self.url, content_type, self.headers, person_names=self.person_names)

    def judge(self, facts: PageFacts) -> tuple[Verdict, str]:
        """Return the verdict and its evidence, as for a homepage at this URL."""
        return judge(
            facts,
            status=self.status,
            requested_host=_host(self.url),
            final_url=self.url,
            headers=self.headers,
        )


def _status(text: str) -> int:
    if not text.isdecimal() or not 100 <= int(text) <= 999:
        raise ArgumentTypeError(f"{text!r} is not an HTTP status such as 403.")
    return int(text)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise ArgumentTypeError(f"{text!r} is not a header such as 'Server: nginx'.")
    return name.strip(), value.strip()


def _joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers by name; the values of repeated ones are joined (RFC 9110, 5.3)."""
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def read_saved(path: Path) -> bytes:
    """Return a saved page, decompressed if it is gzip and truncated like any page."""
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


def as_json(page: str, facts: PageFacts, verdict: tuple[Verdict, str]) -> str:
    """Return a page as one line of JSON."""
    phones = _of_kind(facts.contacts, ContactKind.PHONE)
    return json.dumps(
        {
            "page": page,
            "url": facts.url,
            "verdict": verdict[0],
            "signal": verdict[1],
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


def as_text(page: str, facts: PageFacts, verdict: tuple[Verdict, str]) -> str:
    """Return a page as a few human-readable lines."""
    lines = [f"{page}: {facts.title or 'no title'}"]
    if verdict[0] is not Verdict.OK:
        lines.append(f"  verdict  {verdict[0]}: {verdict[1]}")
    for contact in facts.contacts:
        how = f"{contact.method}, {contact.confidence:.0%}"
        if person := contact.person:
            how += f"; {', '.join(filter(None, [person['name'], person['position']]))}"
        lines.append(f"  {contact.kind:<8} {contact.value}  {contact.label}  ({how})")
    names = ", ".join(technology.name for technology in facts.technologies)
    return "\n".join([*lines, f"  runs on  {names}"] if names else lines)


def is_fax(contact: Contact) -> bool:
    """Return whether a phone number is a fax."""
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
        **({"address": contact.address} if contact.address else {}),
        **({"person": contact.person} if contact.person else {}),
    }
