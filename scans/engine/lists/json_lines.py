"""Read JSON Lines (https://jsonlines.org): each line is a domain or an object with one."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from scans.engine.lists.columns import SAMPLE_ROWS
from scans.engine.lists.errors import UnreadableFile
from scans.engine.lists.json_rows import flat_texts, merge_names
from scans.engine.lists.lines import Line, numbered
from scans.engine.lists.reader import Entry, cell_values, read_entry, row_entries
from scrapersky.web.text import sanitize

# The most common lines, which need no JSON parser: a string, or an object with nothing else.
_STRING = re.compile(r'"([^"\\\x00-\x1f]*)"')
_DOMAIN = re.compile(r'\{"domain": ?"([^"\\\x00-\x1f]*)"\}')
NO_DOMAIN = 'The line is neither a JSON string nor an object with the key "domain".'


class JsonLineReader:
    """Iterates over the entries of JSON Lines, ignoring blank lines.

    `blocks` are text as yielded by `text_blocks`. Lines before `first_line` are skipped. `names`
    are the keys of the objects so far, with nested keys joined by dots; to continue a list, pass
    its names so far.
    """

    def __init__(
        self,
        blocks: Iterable[str],
        *,
        allowed_networks: tuple[str, ...] = (),
        first_line: int = 1,
        names: Sequence[str] = (),
    ) -> None:
        self.names = list(names)
        self._known = set(self.names)
        self._networks = allowed_networks
        self._first_line = first_line
        self._blocks = blocks

    def __iter__(self) -> Iterator[Entry]:
        items = self._items()
        sample: list[tuple[Line, Any]] = []
        error = None
        try:
            sample.extend(islice(items, SAMPLE_ROWS))
        except UnreadableFile as unreadable:
            error = unreadable
        for _, item in sample:
            self._flat(item)
        for line, item in chain(sample, items):
            yield from self._entries(line, item)
        if error:
            raise error

    def _items(self) -> Iterator[tuple[Line, Any]]:
        for line in numbered(self._blocks):
            if line.number >= self._first_line and line.text.strip():
                yield line, _parsed(line.text)

    def _flat(self, item: Any) -> dict[str, str]:
        """Return the values of an object as texts by key, and add its keys to the names."""
        texts = flat_texts(item) if isinstance(item, dict) else {}
        if not self._known.issuperset(texts):
            merge_names(self.names, texts)
            self._known = set(self.names)
        return texts

    def _entries(self, line: Line, item: Any) -> Iterator[Entry]:
        if isinstance(item, str) and not self.names:
            for cell in cell_values(item) or [item]:
                yield read_entry(line.number, cell, self._networks)
            return
        texts = self._flat(item)
        value = item.get("domain") if isinstance(item, dict) else item
        domain = value if isinstance(value, str) else None
        if not isinstance(item, dict):
            texts = {"domain": item if isinstance(item, str) else line.text}
        values = tuple([sanitize(texts.get(name, "")) for name in self.names])
        if domain is None:
            yield Entry(
                line.number,
                sanitize(line.text),
                reason=NO_DOMAIN,
                values=values,
                starts_row=bool(values),
            )
            return
        cells = cell_values(domain) or [domain]
        if values:
            yield from row_entries(line.number, cells, self._networks, values)
        else:
            yield from (read_entry(line.number, cell, self._networks) for cell in cells)


def _parsed(text: str) -> Any:
    if match := _STRING.fullmatch(text):
        return match[1]
    if match := _DOMAIN.fullmatch(text):
        return {"domain": match[1]}
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
