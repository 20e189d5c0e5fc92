"""Search batches by words of their names, through an index on PostgreSQL.

Each search word must be a prefix of a word in the name. SQLite, meant for fewer batches, reads
every name and splits words at the same characters.
"""

from typing import Any

from django.db.models import BooleanField, F, Func, Q

from scans.text_search import PUNCTUATION, cases_of, prefix_query, spaced_vector, words_of


class NameWords(Func):
    """Whether a name has words that begin with the search words."""

    output_field = BooleanField()
    conditional = True

    def __init__(self, words: list[str]) -> None:
        super().__init__(F("name"))
        self.words = words

    @classmethod
    def of(cls, text: str) -> Q:
        """Return the condition for a search; without a word it matches nothing."""
        words = words_of(text)
        return Q(cls(words)) if words else Q(pk__in=[])

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column = str(compiler.compile(self.source_expressions[0])[0])
        return f"({spaced_vector(column)} @@ %s::tsquery)", [prefix_query(self.words)]

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        name = str(compiler.compile(self.source_expressions[0])[0])
        # Splitting names takes longer than the search for the text, which leaves out most of them.
        cases = [cases_of(word) for word in self.words]
        texts = _like(name, cases)
        for character in (c.replace("'", "''") for c in PUNCTUATION):
            name = f"replace({name}, '{character}', ' ')"
        tests = _like(f"' ' || {name}", cases)
        params = [f"{start}{word}%" for start in ("%", "% ") for words in cases for word in words]
        return f"({texts} AND {tests})", params


def _like(text: str, cases: list[list[str]]) -> str:
    """Return the SQL for a text that is like one of the cases of every word."""
    each = (" OR ".join([f"{text} LIKE %s"] * len(words)) for words in cases)
    return " AND ".join(f"({one})" for one in each)
