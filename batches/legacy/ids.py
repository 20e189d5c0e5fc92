"""Convert ids, by the same rules in Python and in SQL.

An older id that consists of an optional prefix and a complete UUID becomes that UUID. Any other
becomes a version 5 UUID of its text, so that the same text yields the same UUID in every table and
on every run.
"""

import re
from hashlib import md5
from uuid import UUID, uuid5

# Derived ids depend on this namespace, so it must never change.
NAMESPACE = UUID("5c4a9e5b-1d0f-5d6e-9c57-0a1db3c8e2f4")

BLANKS = " \t\r\n"
# Means the same in Python and PostgreSQL: no case folding and no locale-dependent classes. A prefix
# consists of words of letters, each followed by `_`, `-` or `:`. It excludes digits because the
# first of two UUIDs could otherwise match as a prefix of the second.
EMBEDDED_UUID = (
    r"\A[ \t\r\n]*(?:[A-Za-z]+[_:-])*"
    r"(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})[ \t\r\n]*\Z"
)
# Longest original in the id map, in characters: an index cannot hold longer texts.
KEPT_LENGTH = 400

_embedded_uuid = re.compile(EMBEDDED_UUID)


def embedded_uuid(text: str) -> UUID | None:
    """Return the UUID in a text of an optional prefix and one UUID; otherwise None."""
    if not _embedded_uuid.match(text):
        return None
    return UUID(text.strip(BLANKS).replace("-", "")[-32:])


def derived(text: str) -> UUID:
    """Return the version 5 UUID of a text."""
    return uuid5(NAMESPACE, text)


def converted(text: str) -> UUID:
    """Return the UUID that an id is converted to."""
    return embedded_uuid(text) or derived(text)


def stored_original(text: str) -> str:
    """Return an original as stored in the id map; long ones are cut and get an MD5 suffix."""
    if len(text) <= KEPT_LENGTH:
        return text
    digest = md5(text.encode(), usedforsecurity=False).hexdigest()
    return f"{text[:KEPT_LENGTH]}#{digest}"


def sql_embedded_uuid(text: str) -> str:
    """Return the SQL of `embedded_uuid`; `text` is an expression."""
    digits = f"right(translate(btrim({text}, E' \\t\\r\\n'), '-', ''), 32)"
    return f"CASE WHEN {text} ~ '{EMBEDDED_UUID}' THEN {digits}::uuid END"


def sql_stored_original(text: str) -> str:
    """Return the SQL of `stored_original`; `text` is an expression."""
    cut = f"left({text}, {KEPT_LENGTH}) || '#' || md5({text})"
    return f"CASE WHEN length({text}) <= {KEPT_LENGTH} THEN {text} ELSE {cut} END"


def sql_finding_id(*parts: str) -> str:
    """Return the SQL of an id derived from expressions, for rows without one (RFC 9562, v8).

    Such an id marks its row as created by a conversion.
    """
    digest = f"md5(concat_ws(chr(10), '{NAMESPACE}', {', '.join(parts)}))"
    return f"overlay(overlay({digest} placing '8' from 13) placing '8' from 17)::uuid"
