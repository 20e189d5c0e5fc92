"""Read JSON Lines (https://jsonlines.org): a domain, or an object with one, in each line."""

import json
from collections.abc import Iterable, Iterator

from scans.engine.lists.lines import numbered
from scans.engine.lists.reader import Entry, cell_values, read_entry
from scrapersky.web.text import storable

NO_DOMAIN = 'The line is neither a JSON string nor an object with the key "domain".'


def json_line_entries(
    blocks: Iterable[str], *, allowed_networks: tuple[str, ...] = (), first_line: int = 1
) -> Iterator[Entry]:
    """Yield the entries of `blocks`, text as `text_blocks` yields it; blank lines have none.

    Lines before `first_line` are skipped.
    """
    for number, text in numbered(blocks):
        if number < first_line or not text.strip():
            continue
        value = _domain_of(text)
        if value is None:
            yield Entry(number, storable(text), reason=NO_DOMAIN)
            continue
        for cell in cell_values(value) or [value]:
            yield read_entry(number, cell, allowed_networks)


def _domain_of(text: str) -> str | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict):
        value = value.get("domain")
    return value if isinstance(value, str) else None
