"""The people on a page with the contacts that its structure associates with them.

JSON-LD and microdata: https://schema.org/Person; microformats: https://microformats.org/wiki/h-card
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scans.engine.extractors.json_ld import types_of, walk
from scans.engine.extractors.people import (
    Person,
    announced_people,
    is_head,
    is_position,
    person_in,
    read_name,
)
from scans.engine.extractors.text import one_line, visible_text

MOST = 300
# Levels between a link and its card, and maximum size of a card in characters and lines.
CARD_DEPTH, CARD_HTML, CARD_LINES = 7, 10_000, 14
# Characters of a row without links, and how many such rows are read.
LONGEST_ROW, MOST_ROWS = 500, 1_000
_CARDS = (
    '.h-card, .vcard, [itemtype$="schema.org/Person"], [typeof="Person"], [typeof="schema:Person"]'
)
_NAMES = '.p-name, .fn, [itemprop="name"], [property="name"], [property="schema:name"]'
_POSITIONS = (
    '.p-job-title, .p-role, .title, .role, [itemprop="jobTitle"], [property="jobTitle"], '
    '[property="schema:jobTitle"]'
)
_ORGANISATIONS = '.p-org, .org, [itemprop="worksFor"]'
_EMAILS = '.u-email, .email, [itemprop="email"], [property="email"]'
_PHONES = '.p-tel, .tel, [itemprop="telephone"], [property="telephone"]'
_LINKS = 'a[href^="mailto:" i], a[href^="tel:" i]'
# A link that does not belong to the preceding words: `Head of Sales` and `Write to Maria`.
_CONTACT_LINK = re.compile(r"<a(?=\s[^>]{0,300}href=[\"']?(?:mailto|tel):)", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>\"'(),;:]{1,64}@[^\s<>\"'(),;:]{1,253}")
_NUMBER = re.compile(r"\d[\d ()/.-]{4,30}\d")
_NOT_DIGITS = re.compile(r"\D+")


class StatedPerson(NamedTuple):
    """A person, associated e-mail addresses and phone digits, and the evidence."""

    person: Person
    emails: frozenset[str]
    phones: frozenset[str]
    snippet: str
    method: str


def people_in_json_ld(json_ld: Iterable[Any]) -> Iterator[StatedPerson]:
    """Yield the people in JSON-LD with contact details."""
    for item in walk(list(json_ld)):
        if "Person" not in types_of(item):
            continue
        full_name = f"{_string(item.get('givenName'))} {_string(item.get('familyName'))}"
        name = read_name(_string(item.get("name")) or full_name)
        holders = [item, *(part for part in walk(item.get("contactPoint")))]
        emails = [_string(holder.get("email")) for holder in holders]
        phones = [_string(holder.get("telephone")) for holder in holders]
        if name and any(emails + phones):
            person = Person(name, one_line(_string(item.get("jobTitle")), 80))
            yield _stated(person, emails, phones, f"Person: {name}", "json_ld")


def people_in_text(lines: Sequence[str]) -> Iterator[StatedPerson]:
    """Yield the people whom lines of text announce, with the contacts right after them."""
    for person, theirs in announced_people(lines):
        yield _stated(person, theirs, theirs, " ".join(theirs), "text")


def _string(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("name") or value.get("@value")
    return one_line(value, 200) if isinstance(value, str) else ""


def _stated(
    person: Person, emails: Iterable[str], phones: Iterable[str], snippet: str, method: str
) -> StatedPerson:
    addresses = {match[0].lower() for text in emails for match in [_ADDRESS.search(text)] if match}
    digits = {_NOT_DIGITS.sub("", number) for text in phones for number in _NUMBER.findall(text)}
    evidence = ", ".join(filter(None, [snippet, person.position if method == "json_ld" else ""]))
    return StatedPerson(
        person, frozenset(addresses), frozenset(digits), one_line(evidence, 200), method
    )


def people_in_markup(tree: LexborHTMLParser) -> tuple[StatedPerson, ...]:
    """Return the people in microformats, microdata, table rows and cards."""
    return (
        *_marked_people(tree),
        *_people_in_tables(tree),
        *_people_in_cards(tree),
        *_people_in_rows(tree),
    )


def _marked_people(tree: LexborHTMLParser) -> Iterator[StatedPerson]:
    for card in tree.css(_CARDS)[:MOST]:
        if len(_matching(card, _CARDS)) > 0:
            continue  # an organisation's card around those of its people
        node = card.css_first(_NAMES)
        name = read_name(node.text(separator=" ")) if node else None
        organisations = {_text(node) for node in card.css(_ORGANISATIONS)}
        if name is None or name in organisations:
            continue
        position = _text(card.css_first(_POSITIONS))[:80]
        is_microdata = not card.attributes.keys().isdisjoint(["itemtype", "typeof"])
        method = "microdata" if is_microdata else "h_card"
        links = [unquote(link.attributes.get("href") or "") for link in card.css(_LINKS)]
        emails = [_text(node) for node in card.css(_EMAILS)] + [_target(link) for link in links]
        phones = [_text(node) for node in card.css(_PHONES)]
        phones += [link for link in links if link[:4].lower() == "tel:"]
        snippet = one_line(card.text(separator=" "), 200)
        yield _stated(Person(name, position), emails, phones, snippet, method)


def _matching(card: LexborNode, selector: str) -> list[LexborNode]:
    return [node for node in card.css(selector) if node.mem_id != card.mem_id]


def _text(node: LexborNode | None) -> str:
    return one_line(node.text(separator=" "), 200) if node else ""


def _target(href: str) -> str:
    return href.partition(":")[2].partition("?")[0] if href[:7].lower() == "mailto:" else ""


def _people_in_tables(tree: LexborHTMLParser) -> Iterator[StatedPerson]:
    """Yield the people in table rows with a column of names."""
    for table in tree.css("table")[:50]:
        heads = [_text(cell) for cell in (table.css_first("tr") or table).css("th, td")]
        column = _column(heads, "name_heads")
        if column is None:
            continue
        position = _column(heads, "position_heads")
        for row in table.css("tr")[1:MOST]:
            cells = [_text(cell) for cell in row.css("th, td")]
            name = read_name(cells[column]) if len(cells) == len(heads) else None
            if name:
                others = (cell for cell in cells if is_position(cell) and cell != name)
                role = cells[position][:80] if position is not None else next(others, "")
                yield _of_row(row, cells, Person(name, role))


def _column(heads: list[str], kind: str) -> int | None:
    return next((at for at, head in enumerate(heads) if is_head(head, kind)), None)


def _of_row(row: LexborNode, cells: list[str], person: Person) -> StatedPerson:
    links = [unquote(link.attributes.get("href") or "") for link in row.css(_LINKS)]
    emails = [_target(link) for link in links] + cells
    phones = [link for link in links if link[:4].lower() == "tel:"] + cells
    return _stated(person, emails, phones, " | ".join(cells), "table_row")


def _people_in_cards(tree: LexborHTMLParser) -> Iterator[StatedPerson]:
    """Yield the people named in the smallest element around a link that contains a name."""
    links = tree.css(_LINKS)[:MOST]
    targets: dict[int, set[str]] = defaultdict(set)
    for link in links:
        href = (link.attributes.get("href") or "").lower().partition("?")[0]
        for element in _ancestors(link):
            targets[element.mem_id].add(href if href.startswith("mailto:") else "")
    for link in links:
        if stated := _card_of(link, targets):
            yield stated


def _people_in_rows(tree: LexborHTMLParser) -> Iterator[StatedPerson]:
    """Yield the people of rows, items and paragraphs that show one unlinked contact.

    That is an e-mail address, with or without numbers, or a single number.
    """
    for row in tree.css("tr, li, p, dd")[:MOST_ROWS]:
        text = row.text(separator=" ")
        if len(text) > LONGEST_ROW or len(_addresses_or_numbers(text)) != 1:
            continue
        lines = visible_text(LexborHTMLParser(f"<table>{row.html}</table>")).split("\n")
        if named := person_in(lines):
            yield _stated(named[0], lines, lines, named[1], "card")


def _addresses_or_numbers(text: str) -> set[str]:
    return set(_ADDRESS.findall(text)) or set(_NUMBER.findall(text))


def _ancestors(node: LexborNode) -> Iterator[LexborNode]:
    parent = node.parent
    for _ in range(CARD_DEPTH):
        if parent is None or parent.tag in ("body", "html"):
            return
        yield parent
        parent = parent.parent


def _card_of(link: LexborNode, targets: dict[int, set[str]]) -> StatedPerson | None:
    href = unquote(link.attributes.get("href") or "")
    others: set[str] = set()  # names in smaller boxes around the link without a position
    for element in _ancestors(link):
        html = element.html or ""
        if len(targets[element.mem_id] - {""}) > 1 or len(html) > CARD_HTML:
            return None
        lines = _lines_of(element, html)
        if len(lines) > CARD_LINES:
            return None
        if named := person_in(lines):
            if others - {named[0].name}:
                return None
            return _stated(named[0], [_target(href), *lines], [href, *lines], named[1], "card")
        others.update(filter(None, map(read_name, lines)))
    return None


def _lines_of(element: LexborNode, html: str) -> list[str]:
    markup = _CONTACT_LINK.sub("<br><a", html)
    if element.tag in ("tr", "td", "th"):
        markup = f"<table>{markup}</table>"
    return visible_text(LexborHTMLParser(markup)).split("\n")
