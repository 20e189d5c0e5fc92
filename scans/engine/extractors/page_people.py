"""Attach the people named on a page to the contacts next to them."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import accumulate

from scans.engine.extractors.address_table import is_anothers
from scans.engine.extractors.facts import PageFacts
from scans.engine.extractors.people import Person, legal_people, same_number
from scans.engine.extractors.people_markup import StatedPerson, people_in_json_ld, people_in_text
from scans.engine.extractors.text import one_line
from scans.engine.report import Contact, ContactKind

# Maximum lines between a role in a legal notice and its contacts.
NEAR = 10
# Lines above a role that may contain the heading of another company.
HEADING = 3
# Maximum lines examined per page.
MOST_LINES = 5_000


def with_people(contacts: Iterable[Contact], page: PageFacts) -> tuple[Contact, ...]:
    """Return contacts with the name and position stated next to them.

    A contact next to several people gets none.
    """
    lines = page.text.split("\n")[:MOST_LINES]
    stated = [*people_in_json_ld(page.json_ld), *page.people, *people_in_text(lines)]
    notice = _LegalNotice(page.text, lines)
    return tuple(_with_person(contact, stated, notice) for contact in contacts)


def _with_person(contact: Contact, stated: list[StatedPerson], notice: "_LegalNotice") -> Contact:
    if contact.kind not in (ContactKind.EMAIL, ContactKind.PHONE):
        return contact
    matches = {item.person.name: item for item in reversed(stated) if _is_beside(contact, item)}
    if len(matches) > 1:
        return contact
    for item in matches.values():
        return _named(contact, item.person, item.snippet, item.method)
    for person, snippet in notice.near(contact):
        return _named(contact, person, snippet, "legal_notice")
    return contact


def _is_beside(contact: Contact, item: StatedPerson) -> bool:
    if contact.kind == ContactKind.EMAIL:
        return contact.value in item.emails
    return same_number(contact.value, item.phones)


def _named(contact: Contact, person: Person, snippet: str, method: str) -> Contact:
    evidence = {"page_url": contact.page_url, "snippet": one_line(snippet, 200), "method": method}
    return replace(contact, person={**person._asdict(), **evidence})


class _LegalNotice:
    """The roles stated in a page's text, and the contacts near them."""

    def __init__(self, text: str, lines: list[str]) -> None:
        self._text, self._lines = text, lines
        self._people = list(legal_people(self._lines))
        lengths = (len(line) + 1 for line in self._lines)
        self._starts = list(accumulate(lengths, initial=0)) if self._people else []

    def near(self, contact: Contact) -> Iterator[tuple[Person, str]]:
        """Yield the person with the nearest role, if it is close and nobody else is in between."""
        line_number = self._line_of(contact) if self._people else None
        if line_number is None:
            return
        at, person, snippet = min(self._people, key=lambda item: abs(item[0] - line_number))
        first, last = sorted((at, line_number))
        around = " ".join(self._lines[max(0, first - HEADING) : last + 1])
        if last - first <= NEAR and not is_anothers(around):
            yield person, snippet

    def _line_of(self, contact: Contact) -> int | None:
        """Return the number of the line with a contact."""
        if contact.kind == ContactKind.EMAIL:
            position = self._text.lower().find(contact.value)
        else:
            position = self._text.find(contact.snippet) if contact.snippet else -1
        if position < 0:
            return (
                self._line_of_number(contact.value) if contact.kind == ContactKind.PHONE else None
            )
        return bisect_right(self._starts, position) - 1

    def _line_of_number(self, number: str) -> int | None:
        for line_number, line in enumerate(self._lines):
            digits = "".join(filter(str.isdigit, line)) if len(line) < 200 else ""
            if digits and number[-7:] in digits:
                return line_number
        return None
