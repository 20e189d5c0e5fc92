"""The rules of ids, as Python and as the same rules in SQL.

An id of the older system that is one whole UUID behind an optional prefix becomes that UUID. Any
other becomes a UUID derived (version 5) from its text, so that the same text gives the same UUID
in every table and on every run.
"""

import re
from hashlib import md5
from uuid import UUID, uuid5

# Ours alone; a derived id depends on it, so it never changes.
NAMESPACE = UUID("5c4a9e5b-1d0f-5d6e-9c57-0a1db3c8e2f4")

BLANKS = " \t\r\n"
# Read alike by Python and PostgreSQL: no folding of case, no classes that depend on a locale. A
# prefix is words of letters, each with `_`, `-` or `:` behind it. Digits are left out, else the
# first of two UUIDs would sometimes read as a prefix of the second.
WHOLE_UUID = (
    r"\A[ \t\r\n]*(?:[A-Za-z]+[_:-])*"
    r"(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})[ \t\r\n]*\Z"
)
# Characters of an original that the id map keeps; an index refuses long texts.
KEPT_LENGTH = 400

_whole_uuid = re.compile(WHOLE_UUID)


def whole_uuid(text: str) -> UUID | None:
    """Return the one UUID that a text holds behind an optional prefix, None for any other text."""
    if not _whole_uuid.match(text):
        return None
    return UUID(text.strip(BLANKS).replace("-", "")[-32:])


def derived(text: str) -> UUID:
    """Return the UUID that is derived from a text."""
    return uuid5(NAMESPACE, text)


def converted(text: str) -> UUID:
    """Return what an id becomes."""
    return whole_uuid(text) or derived(text)


def kept(text: str) -> str:
    """Return an original as the id map keeps it: itself, or its beginning and its MD5."""
    if len(text) <= KEPT_LENGTH:
        return text
    digest = md5(text.encode(), usedforsecurity=False).hexdigest()
    return f"{text[:KEPT_LENGTH]}#{digest}"


def sql_whole_uuid(text: str) -> str:
    """Return the SQL of `whole_uuid`; `text` is an expression."""
    digits = f"right(translate(btrim({text}, E' \\t\\r\\n'), '-', ''), 32)"
    return f"CASE WHEN {text} ~ '{WHOLE_UUID}' THEN {digits}::uuid END"


def sql_kept(text: str) -> str:
    """Return the SQL of `kept`; `text` is an expression."""
    cut = f"left({text}, {KEPT_LENGTH}) || '#' || md5({text})"
    return f"CASE WHEN length({text}) <= {KEPT_LENGTH} THEN {text} ELSE {cut} END"


def sql_finding_id(*parts: str) -> str:
    """Return the SQL of an id made of expressions, for rows that had none (RFC 9562, version 8).

    Such an id marks its row as created by a conversion.
    """
    digest = f"md5(concat_ws(chr(10), '{NAMESPACE}', {', '.join(parts)}))"
    return f"overlay(overlay({digest} placing '8' from 13) placing '8' from 17)::uuid"
