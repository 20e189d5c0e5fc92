"""Search hosts and words through an index on either database, without extensions.

PostgreSQL has btree indexes on the host and the reversed host, both in the order of their bytes,
and GIN indexes on the labels of the host and on the words of title and description; the expressions
here must stay those of the indexes. SQLite has one FTS5 table, which triggers keep current:
`ensure_index` creates it after every migration, because rebuilding `scans_domain` drops its
triggers.
"""

import re
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Q, Value

from scans.engine.hostnames import InvalidDomain, normalise
from scans.engine.public_suffixes import ascii_host
from scans.models import reversed_host

# A tsvector is limited to 1 MB, and titles can have any length.
WORDS_LENGTH = 20_000
# Length of the URL prefix in the index: a btree rejects very long values.
URL_START = 60
# PostgreSQL refuses a tsquery with a word of more than 2,046 bytes.
LONGEST_WORD = 500
# Labels that many hosts have, besides country endings.
COMMON_LABELS = ("com", "info", "net", "org", "www")
# Characters besides white space that separate words.
PUNCTUATION = "./@-_:;,&+#'()[]|!?"


def spaced_vector(text: str) -> str:
    """Return the PostgreSQL expression for the words of a text."""
    characters = PUNCTUATION.replace("'", "''")
    return f"to_tsvector('simple', translate({text}, '{characters}', '{' ' * len(PUNCTUATION)}'))"


LABELS_SQL = "array_to_tsvector(string_to_array({0}host, '.'))"
WORDS_SQL = spaced_vector(f"left({{0}}title || ' ' || {{0}}description, {WORDS_LENGTH})")
POSTGRESQL_INDEXES = {
    "domain_labels": LABELS_SQL.format(""),
    "domain_words": WORDS_SQL.format(""),
}
# Always holds, but PostgreSQL takes it to hold for one row in 81, and so uses the index of words:
# parsing a title takes longer than it estimates, and it takes any prefix for a common one.
ONE_IN_81_SQL = " AND ".join(
    f"length({{0}}{name}) >= 0" for name in ("host", "reversed_host", "title", "description")
)
# Whether a text has the words anywhere, which is tested ten times as fast as it is parsed.
CONTAINS_SQL = "lower({0}title || ' ' || {0}description) LIKE ALL (%s::text[])"
# Most domains of a new batch have no words and are not in the index.
HAS_WORDS_SQL = "({0}title <> '' OR {0}description <> '')"
_WORD = re.compile(r"[^\W_]+")


class Prefix(Func):
    """Match a column by prefix, with a pattern that an index supports."""

    output_field = BooleanField()
    conditional = True

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s", arg_joiner=" LIKE ")

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s", arg_joiner=" GLOB ")

    @classmethod
    def of(cls, column: str, text: str) -> "Prefix":
        return cls(F(column), _Pattern(text))


class _Pattern(Value):
    """A prefix pattern in the database's own syntax."""

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return "%s", [re.sub(r"([\\%_])", r"\\\1", self.value) + "%"]

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return "%s", [re.sub(r"([*?\[])", r"[\1]", self.value) + "*"]


class Below(Func):
    """Match texts that sort before a prefix followed by one of the last letters.

    Which letter sorts last depends on the collation: U+FFFF in ICU, Hangul or Han in the C library.
    """

    output_field = BooleanField()
    conditional = True
    LAST = ("\uffff", "\ud7a3", "\u9fa5")

    @classmethod
    def of(cls, column: str, text: str) -> "Below":
        return cls(F(column), *(Value(text + letter) for letter in cls.LAST))

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self._compared(compiler, "greatest")

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self._compared(compiler, "max")

    def _compared(self, compiler: Any, greatest: str) -> Any:
        column, *texts = (compiler.compile(part)[0] for part in self.source_expressions)
        values = [getattr(part, "value", "") for part in self.source_expressions[1:]]
        return f"{column} < {greatest}({', '.join(texts)})", values


class UrlPrefix(Prefix):
    """Match a URL by prefix; PostgreSQL has an index of the first characters."""

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, pattern = self.source_expressions
        text: str = getattr(pattern, "value", "")
        start = _Pattern(text[:URL_START])
        sql = f"left({compiler.compile(column)[0]}, {URL_START}) LIKE %s"
        params = compiler.compile(start)[1]
        # Next to the indexed prefix, the planner would count the full pattern as a second
        # condition.
        if len(text) <= URL_START:
            return f"({sql})", params
        full, more = super().as_postgresql(compiler, connection, **context)
        return f"({sql} AND {full})", [*params, *more]


class Indexed(Func):
    """Match domains whose indexed text has words that begin with the query's words.

    `column` is `host` (its labels) or `words` (title and description); `path` leads to the domain.
    With `is_common`, PostgreSQL tests domain after domain instead of reading the index of words.
    """

    output_field = BooleanField()
    conditional = True

    def __init__(
        self, path: str, column: str, words: list[str], *, is_common: bool = False
    ) -> None:
        super().__init__(F(f"{path}host"))  # joins the domain and returns its table alias
        self.path, self.column, self.words = path, column, words
        self.is_common = is_common

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        table = self._table(compiler)
        if self.column == "host":
            # Unlike the words, the labels of a row without a domain are not NULL for the planner,
            # which could not use their index then.
            labels = f"{table}.id IS NOT NULL AND {LABELS_SQL.format(f'{table}.')}"
            return f"({labels} @@ %s::tsquery)", [label_query(self.words)]
        query = prefix_query(self.words)
        if self.is_common:
            parts = [f"%{word}%" for word in self.words if word.isascii()]
            sql = f"CASE WHEN {CONTAINS_SQL} THEN {WORDS_SQL} @@ %s::tsquery ELSE FALSE END"
            return f"({sql.format(f'{table}.')})", [parts, query]
        sql = f"{HAS_WORDS_SQL} AND {WORDS_SQL} @@ %s::tsquery AND {ONE_IN_81_SQL}"
        return f"({sql.format(f'{table}.')})", [query]

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        words = " ".join('"' + word.replace('"', '""') + '"*' for word in self.words)
        ids = f"SELECT domain FROM {SQLITE_TABLE} WHERE {SQLITE_TABLE} MATCH %s"
        return f'{self._table(compiler)}."id" IN ({ids})', [f"{self.column} : ({words})"]

    def _table(self, compiler: Any) -> str:
        return str(compiler.compile(self.source_expressions[0])[0]).rpartition(".")[0]


def host_matches(text: str, path: str = "") -> Q:
    """Return the condition for a host search.

    `path` leads to the domain (`domain__`). A text without a dot is a prefix of any label; one that
    starts with a dot is a suffix of the host; any other is a prefix or the last labels. A pasted
    URL or e-mail address is reduced to its host, and international names may be entered in Unicode.
    If no host is left (`@`), every domain matches, as for a search without words.
    """
    host = read_host(text)
    if not host:
        return Q()
    if host.startswith("."):
        return Q(Prefix.of(f"{path}reversed_host", reversed_host(host)))
    if "." not in host:
        return Q(Indexed(path, "host", [host]))
    ending = Q(**{f"{path}host": host}) | Q(
        Prefix.of(f"{path}reversed_host", reversed_host(f".{host}"))
    )
    return ending | Q(Prefix.of(f"{path}host", host))


def is_ending(text: str) -> bool:
    """Whether a host search includes the end of hosts."""
    return "." in read_host(text)


def host_begins(text: str, path: str = "") -> Q:
    """Return the condition for hosts that begin with the search text.

    The index of hosts is in the order of their bytes and serves prefixes as they are. With the
    bounds of a range, PostgreSQL may take 20,000 hosts for one, and read and sort all their rows.
    """
    return Q(Prefix.of(f"{path}host", read_host(text)))


def begins(column: str, text: str) -> Q:
    """Return the condition for a column that begins with a text.

    In every collation a prefix sorts before its extensions, and these sort before the prefix and
    one of the last letters, so only that range of the sort order's index is read.
    """
    bounds = Q(Below.of(column, text), **{f"{column}__gte": text})
    return Q(Prefix.of(column, text)) & bounds


def words_match(text: str, path: str = "", *, is_common: bool = False) -> Q:
    """Return the condition for a search by word prefixes in title and description."""
    words = words_of(text)
    return Q(Indexed(path, "words", words, is_common=is_common)) if words else Q()


def words_of(text: str) -> list[str]:
    """Return the words of a search."""
    return [word.lower() for word in _WORD.findall(text)]


def cases_of(text: str) -> list[str]:
    """Return a text in the cases that SQLite tells apart: its LIKE ignores that of ASCII only."""
    cases = (text, text.lower(), text.upper(), text.capitalize(), text.title())
    return [text] if text.isascii() else list(dict.fromkeys(cases))


def prefix_query(words: list[str]) -> str:
    """Return the tsquery for texts with words that have these prefixes."""
    quoted = (re.sub(r"(['\\])", r"\1\1", word[:LONGEST_WORD]) for word in words)
    return " & ".join(f"'{word}':*" for word in quoted)


def label_query(labels: list[str]) -> str:
    """Return the tsquery for hosts with labels that have these prefixes.

    If fewer than a hundred labels are common, PostgreSQL estimates that any prefix matches 2 % of
    the hosts, and scans all hosts in list order to find a rare one. Stated twice, the estimate is 2
    % of 2 %, and the index is used. A common prefix still fills a page quickly.
    """
    rare = [label for label in labels if not _is_common(label)]
    return prefix_query([*labels, *rare])


def _is_common(beginning: str) -> bool:
    is_country = len(beginning) <= 2
    return is_country or any(label.startswith(beginning) for label in COMMON_LABELS)


def read_host(text: str) -> str:
    """Return the host in a URL or e-mail address, or else the text itself."""
    text = text.strip().lower().removeprefix("*")
    if "@" in text and "/" not in text:
        text = text.rpartition("@")[2].strip("<>\"' ,;")
    if text.startswith("."):
        return "." + in_ascii(text[1:])
    try:
        return normalise(text) if "." in text or ":" in text else in_ascii(text)
    except InvalidDomain:
        return in_ascii(re.sub(r"^[a-z]+://", "", text).partition("/")[0])


def in_ascii(text: str) -> str:
    """Return a host or a part of one in ASCII, unchanged if it cannot be one."""
    return ascii_host(text) or text


SQLITE_TABLE = "scans_domain_words"
_KEY_OF = "(SELECT id FROM scans_domain_words_key WHERE domain = {0}.id)"
_SQLITE = (
    "CREATE TABLE scans_domain_words_key (id INTEGER PRIMARY KEY, domain char(32) UNIQUE)",
    f"CREATE VIRTUAL TABLE {SQLITE_TABLE} USING fts5(host, words, domain UNINDEXED, "
    "tokenize = \"unicode61 remove_diacritics 0 tokenchars '-'\")",
    f"""CREATE TRIGGER scans_domain_words_insert AFTER INSERT ON scans_domain BEGIN
        INSERT INTO scans_domain_words_key (domain) VALUES (new.id);
        INSERT INTO {SQLITE_TABLE} (rowid, host, words, domain) VALUES (
            {_KEY_OF.format("new")}, new.host, new.title || ' ' || new.description, new.id);
    END""",
    f"""CREATE TRIGGER scans_domain_words_update AFTER UPDATE OF host, title, description
    ON scans_domain WHEN old.host <> new.host OR old.title <> new.title
        OR old.description <> new.description BEGIN
        UPDATE {SQLITE_TABLE} SET host = new.host, words = new.title || ' ' || new.description
        WHERE rowid = {_KEY_OF.format("new")};
    END""",
    f"""CREATE TRIGGER scans_domain_words_delete AFTER DELETE ON scans_domain BEGIN
        DELETE FROM {SQLITE_TABLE} WHERE rowid = {_KEY_OF.format("old")};
        DELETE FROM scans_domain_words_key WHERE domain = old.id;
    END""",
    "INSERT INTO scans_domain_words_key (domain) SELECT id FROM scans_domain",
    f"INSERT INTO {SQLITE_TABLE} (rowid, host, words, domain) "
    "SELECT k.id, d.host, d.title || ' ' || d.description, d.id "
    "FROM scans_domain d JOIN scans_domain_words_key k ON k.domain = d.id",
)


def ensure_index(connection: BaseDatabaseWrapper) -> None:
    """Recreate SQLite's search index if one of its triggers is missing."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' "
            "AND tbl_name = 'scans_domain' AND name LIKE 'scans_domain_words_%'"
        )
        if cursor.fetchone()[0] == 3:
            return
        drop_index(connection)
        for statement in _SQLITE:
            cursor.execute(statement)


def drop_index(connection: BaseDatabaseWrapper) -> None:
    """Drop SQLite's search index."""
    with connection.cursor() as cursor:
        for name in ("insert", "update", "delete"):
            cursor.execute(f"DROP TRIGGER IF EXISTS scans_domain_words_{name}")
        cursor.execute(f"DROP TABLE IF EXISTS {SQLITE_TABLE}")
        cursor.execute("DROP TABLE IF EXISTS scans_domain_words_key")
