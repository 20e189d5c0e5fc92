"""Read the names of older domains as the engine reads pasted names.

Plain names, the vast majority, are parsed in SQL; the others one by one in Python. A name that
cannot be scanned is kept unchanged and listed in the report.
"""

from collections.abc import Iterable
from hashlib import md5

from django.conf import settings

from batches.legacy.context import Context
from scans.engine.hostnames import InvalidDomain, normalise

LONGEST = 253
# Names that need no parsing if their suffix is public and no label starts with `xn--`.
PLAIN = "^(?:[a-z0-9]+(?:-+[a-z0-9]+)*[.])+[a-z]+$"
LONG_PART = "[a-z0-9-]{64}"


def sql_bare(name: str) -> str:
    """Return the SQL of a name without its scheme and trailing slash."""
    return (
        f"rtrim(CASE WHEN starts_with({name}, 'https://') THEN substr({name}, 9) "
        f"WHEN starts_with({name}, 'http://') THEN substr({name}, 8) ELSE {name} END, '/')"
    )


def sql_plain_host(bare: str) -> str:
    """Return the SQL of the host in a plain name, NULL for any other name.

    `bare` is an expression built with `sql_bare`.
    """
    return (
        f"CASE WHEN {bare} ~ '{PLAIN}' AND length({bare}) <= {LONGEST} "
        f"AND NOT starts_with({bare}, 'www.') AND strpos({bare}, 'xn--') = 0 "
        f"AND NOT (length({bare}) > 63 AND {bare} ~ '{LONG_PART}') THEN {bare} END"
    )


def settle(context: Context, table: str) -> None:
    """Fill the missing `host` and `refused` values of a table of domains; plain hosts are set."""
    _doubt_endings(context, table)
    context.define("host", "name text, host text, refused text")
    odd = f"SELECT DISTINCT coalesce(name, '') FROM {table} WHERE host IS NULL"
    for rows in context.chunks(odd):
        context.copy("host", _read(name for (name,) in rows))
    context.execute("ANALYZE host")
    context.execute(
        f"UPDATE {table} r SET host = h.host, refused = h.refused FROM host h "
        "WHERE r.host IS NULL AND h.name = coalesce(r.name, '')"
    )
    context.execute(f"UPDATE {table} SET host = 'unnamed-' || own WHERE host = ''")


def _doubt_endings(context: Context, table: str) -> None:
    """Clear the hosts whose suffix is not public."""
    ending = "substring(host from '[^.]*$')"
    endings = context.rows(f"SELECT DISTINCT {ending} FROM {table} WHERE host IS NOT NULL")
    doubtful = [text for (text,) in endings if not is_plain(f"example.{text}")]
    if doubtful:
        context.execute(f"UPDATE {table} SET host = NULL WHERE {ending} = ANY(%s)", [doubtful])


def is_plain(host: str) -> bool:
    """Return whether a host needs no parsing."""
    return read(host) == (host, None)


def _read(names: Iterable[str]) -> Iterable[tuple[str, str, str | None]]:
    return ((name, *read(name)) for name in names)


def read(name: str) -> tuple[str, str | None]:
    """Return the host of a name; if it is not a domain, return its text and the reason."""
    try:
        return normalise(name, settings.SCAN_ALLOWED_NETWORKS), None
    except InvalidDomain as error:
        return _shortened(name.strip().lower()), str(error)


def _shortened(text: str) -> str:
    """Shorten a text to fit the host columns, so that long texts remain distinct."""
    if len(text) <= LONGEST:
        return text
    digest = md5(text.encode(), usedforsecurity=False).hexdigest()
    return f"{text[: LONGEST - len(digest) - 1]}#{digest}"
