"""Read the items of JSON arrays or JSON lines one at a time."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from scans.engine.lists.csv_rows import Row

# Maximum characters of an item, and maximum number of columns.
_MAX_ITEM = 1_000_000
_MAX_COLUMNS = 200
_MAX_DEPTH = 4

_BLANKS = re.compile(r"[\s,]*")
_STARTS_JSON = re.compile(r'\s*(?:\[\s*["{\[]|\{\s*")')
# An object around the array: `{"domains": [`, `{"data": {"rows": [`.
_WRAPPED_ARRAY = re.compile(r'(?:\{\s*"[^"\\]{1,100}"\s*:\s*){1,3}\[')
_decode = json.JSONDecoder(strict=False).raw_decode


def starts_json(head: str) -> bool:
    """Return whether a text begins like a JSON array or object."""
    return _STARTS_JSON.match(head) is not None


class JsonRows:
    """The items of JSON arrays, or the objects of JSON lines, as rows of a table.

    `names` are the keys of the objects so far, with nested keys joined by dots. Iteration ends
    where the text stops being JSON; `rest` and `line` then give the remainder.
    """

    def __init__(self, blocks: Iterable[str]) -> None:
        self.names: list[str] = []
        self.line = 1
        self._blocks = iter(blocks)
        self._text = ""
        self._position = 0
        self._is_inside = False
        self._is_wrapped = False
        self._is_first = True

    def __iter__(self) -> Iterator[Row]:
        while self._skip_blanks():
            mark = self._text[self._position]
            if mark == "]":
                self._leave_array()
            elif not self._is_inside and mark in "[{" and self._enter_array():
                continue
            elif (item := self._next_item()) is None:
                return
            elif cells := self._cells(item[1]):
                yield Row(item[0], cells)

    def rest(self) -> Iterator[str]:
        """Yield the text that was not read as JSON."""
        yield self._text[self._position :]
        yield from self._blocks

    def _skip_blanks(self) -> bool:
        """Advance to the next item; return False at the end of the text."""
        while True:
            match = _BLANKS.match(self._text, self._position)
            self._advance(match.end() if match else self._position)
            if self._position < len(self._text):
                return True
            if not self._fill():
                return False

    def _fill(self) -> bool:
        """Read another block; return False at the end."""
        block = next(self._blocks, None)
        if block is None:
            return False
        self._text = self._text[self._position :] + block
        self._position = 0
        return True

    def _advance(self, position: int) -> None:
        self.line += self._text.count("\n", self._position, position)
        self._position = position

    def _enter_array(self) -> bool:
        """Enter an array, or the array inside a single object; return False if there is none."""
        start = self._position
        if self._text[start] == "[":
            self._advance(start + 1)
        elif (match := self._wrapped_array()) and self._is_last_item():
            self._advance(match.end() - (start - self._position))
            self._is_wrapped = True
        else:
            return False
        self._is_inside = True
        return True

    def _wrapped_array(self) -> re.Match[str] | None:
        """Match the beginning of an object that wraps an array."""
        is_first, self._is_first = self._is_first, False
        return _WRAPPED_ARRAY.match(self._text, self._position) if is_first else None

    def _is_last_item(self) -> bool:
        """Return whether nothing follows the current object, which may be too long to check."""
        decoded = self._decoded()
        if decoded is None:
            return True
        while not (following := self._text[decoded[1] :].strip()):
            offset = self._position
            if not self._fill():
                return True
            decoded = decoded[0], decoded[1] - offset
        return following == ""

    def _leave_array(self) -> None:
        self._advance(len(self._text) if self._is_wrapped else self._position + 1)
        self._is_inside = False
        if self._is_wrapped:
            self._blocks = iter(())

    def _next_item(self) -> tuple[int, Any] | None:
        """Return the next item and its line, or None if the text is not JSON."""
        decoded = self._decoded()
        if decoded is None:
            return None
        line = self.line
        self._advance(decoded[1])
        return line, decoded[0]

    def _decoded(self) -> tuple[Any, int] | None:
        """Return the current value and its end; None if it is not JSON or too long."""
        while True:
            try:
                return _decode(self._text, self._position)
            except (ValueError, RecursionError):
                if len(self._text) - self._position > _MAX_ITEM or not self._fill():
                    return None

    def _cells(self, item: Any) -> list[str]:
        if isinstance(item, dict):
            return self._aligned(flat_texts(item))
        if isinstance(item, list):
            return [_text(value) for value in item[:_MAX_COLUMNS]]
        return [_text(item)]

    def _aligned(self, values: dict[str, str]) -> list[str]:
        """Return the values of an object in the order of the names; add new names."""
        merge_names(self.names, values)
        return [values.get(name, "") for name in self.names]


def flat_texts(item: dict[str, Any]) -> dict[str, str]:
    """Return the values of an object as texts; nested keys are joined by dots."""
    if all(isinstance(value, str) for value in item.values()):
        return item
    return dict(_flattened(item))


def merge_names(names: list[str], values: Iterable[str]) -> None:
    """Add the keys of an object to the column names, up to 200."""
    known = set(names)
    names += [name for name in values if name not in known][: max(_MAX_COLUMNS - len(names), 0)]


def _flattened(item: dict[str, Any], path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    for key, value in item.items():
        name = f"{path}.{key}" if path else key
        if isinstance(value, dict) and depth < _MAX_DEPTH:
            yield from _flattened(value, name, depth + 1)
        else:
            yield name, _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(map(_text, value[:_MAX_COLUMNS]))
    return value if isinstance(value, str) else json.dumps(value)
