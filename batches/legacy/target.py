"""Write rows to the tables of this system and compare the stored rows with the expected ones.

Each column is listed with the expression that fills it. Columns that the table lacks are skipped,
and columns that are not listed get their model's default, so that the lists keep working in a
migration after the models have changed.
"""

from dataclasses import dataclass, field

from django.db.models import Field

from batches.legacy import foreign_keys
from batches.legacy.context import ONCE, Context

LOW, HIGH = "{low}", "{high}"
PRESENT = """
SELECT attname, format_type(atttypid, atttypmod), attnotnull AND NOT atthasdef
    AND attidentity = '' FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"""

# Rows written and compared at once.
AT_ONCE = 250_000


@dataclass(frozen=True)
class Rows:
    """The rows for a table: an expression for each column, and the FROM clause.

    `source` may hold `{low}` and `{high}`, the bounds of a chunk of integers.
    """

    model: str
    columns: dict[str, str]
    source: str
    # The column of the table that the bounds apply to.
    bounded: str = ""
    # Immutable columns, compared even if the row was changed since.
    settled: tuple[str, ...] = ()
    # The column that this system updates when it changes a row; empty if there is none.
    touched: str = "updated_at"
    # Columns that are not compared, because users and scans change them without touching the row.
    chosen: tuple[str, ...] = ()
    conflict: str = ""
    # What distinguishes these rows if another step writes the same table.
    kind: str = ""

    @property
    def title(self) -> str:
        return f"{self.model} {self.kind}".strip()


@dataclass
class Difference:
    """The result of comparing two tables."""

    title: str
    expected: int = 0
    actual: int = 0
    # Rows that this system has changed since; only their settled columns are compared.
    changed: int = 0
    expected_sum: int = 0
    actual_sum: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def is_none(self) -> bool:
        return not self.examples and (self.expected, self.expected_sum) == (
            self.actual,
            self.actual_sum,
        )

    @property
    def sentence(self) -> str:
        """Return the difference as a sentence."""
        sentence = f"{self.title}: {self.expected} rows expected, {self.actual} there"
        if self.expected == self.actual:
            sentence = f"{self.title}: rows differ from what they should be"
        return f"{sentence} ({', '.join(self.examples[:5])})" if self.examples else sentence

    def join(self, part: "Difference") -> None:
        """Add the comparison of another part of the table."""
        self.expected += part.expected
        self.actual += part.actual
        self.changed += part.changed
        self.expected_sum += part.expected_sum
        self.actual_sum += part.actual_sum
        self.examples += part.examples

    def add(self, row: tuple) -> None:
        self.expected += row[0]
        self.actual += row[1]
        self.changed += row[2]
        self.expected_sum += int(row[3])
        self.actual_sum += int(row[4])


def insert_and_compare(context: Context, rows: Rows, planned: str = "") -> None:
    """Insert rows, unless the run only verifies, and compare them with the expected ones.

    Rows of a `planned` table are processed in parts by integer, and each part is compared while
    it is still cached: the database may be larger than memory.
    """
    difference = Difference(rows.title)
    parts = _parts(context, planned)
    for number, part in enumerate(parts, 1):
        context.show_progress(f"({number} of {len(parts)})" if len(parts) > 1 else "")
        if not context.verifying and insert(context, rows, *part) and part in (parts[0], parts[-1]):
            context.execute(f"ANALYZE {context.table(rows.model)}")
        difference.join(compare(context, rows, *part))
    if not context.verifying and difference.actual:
        foreign_keys.check(context, rows.model)
    context.differences.append(difference)


def _parts(context: Context, planned: str) -> list[tuple[int, int]]:
    """Return the first and last integers of the parts of a planned table."""
    if not planned:
        return [(0, 0)]
    return context.rows(
        "SELECT min(integer), max(integer) FROM (SELECT integer, "
        f"(row_number() OVER (ORDER BY integer) - 1) / {AT_ONCE} AS part FROM {planned}) AS x "
        "GROUP BY part ORDER BY part"
    )


def insert(context: Context, rows: Rows, low: int = 0, high: int = 0) -> int:
    """Insert the rows, or those of a chunk; return how many."""
    columns = _fitting(context, rows)
    names = ", ".join(f'"{name}"' for name in columns)
    source = rows.source.replace(LOW, str(low)).replace(HIGH, str(high))
    return context.execute(
        f"INSERT INTO {context.table(rows.model)} ({names}) SELECT {', '.join(columns.values())} "
        f"FROM {source} {rows.conflict}"
    )


def _fitting(context: Context, rows: Rows) -> dict[str, str]:
    """Return the columns that the table has, and defaults for required ones not listed."""
    present = {name: required for name, _, required in _present(context, rows.model)}
    mapped = {name: text for name, text in rows.columns.items() if name in present}
    lacking = [name for name, required in present.items() if required and name not in mapped]
    return mapped | {name: _default(context, rows.model, name) for name in lacking}


def _present(context: Context, model: str) -> list[tuple[str, str, bool]]:
    return context.rows(PRESENT, [context.table(model)])


def has_column(context: Context, model: str, column: str) -> bool:
    """Return whether the table of a model has a column yet."""
    return any(name == column for name, _, _ in _present(context, model))


def _default(context: Context, model: str, column: str) -> str:
    fields = context.apps.get_model(model)._meta.concrete_fields
    field: Field = next(one for one in fields if one.column == column)
    value = field.get_default()
    return context.literal(field.get_db_prep_save(value, connection=context.connection))


def compare(context: Context, rows: Rows, low: int = 0, high: int = 0) -> Difference:
    """Compare the expected rows with the stored ones."""
    difference = Difference(rows.title)
    difference.add(context.rows(_comparison(context, rows, low, high, _SUMS))[0])
    if not difference.is_none:
        wrong = f"{_WRONG} LIMIT 5"
        examples = context.rows(_comparison(context, rows, low, high, wrong))
        difference.examples = [str(identity) for (identity,) in examples]
    return difference


_SUMS = """
SELECT count(*), count(there), count(*) FILTER (WHERE changed),
    coalesce(sum(expected), 0), coalesce(sum(actual) FILTER (WHERE there IS NOT NULL), 0)
FROM both_sides"""
_WRONG = "SELECT id FROM both_sides WHERE there IS NULL OR expected <> actual"


def _comparison(context: Context, rows: Rows, low: int, high: int, query: str) -> str:
    types = {name: kind for name, kind, _ in _present(context, rows.model)}
    columns = [name for name in rows.columns if name in types and name not in rows.chosen]
    settled = [name for name in rows.settled if name in types] or columns
    if not rows.touched:
        columns = settled
    expected = ", ".join(f'({rows.columns[name]})::{types[name]} AS "{name}"' for name in columns)
    source = rows.source.replace(LOW, str(low)).replace(HIGH, str(high))
    bounds = f'WHERE t."{rows.bounded}" BETWEEN {low} AND {high}' if rows.bounded else ""
    changed = (
        f'coalesce(t."{rows.touched}" <> e."{rows.touched}", false)' if rows.touched else "false"
    )
    there = f"(SELECT t.* FROM {context.table(rows.model)} t {bounds})"
    sums = (
        f"CASE WHEN {changed} THEN {_hash(row, settled)} ELSE {_hash(row, columns)} END AS {name}"
        for row, name in (("e", "expected"), ("t", "actual"))
    )
    return (
        f"WITH both_sides AS (SELECT e.id, t.id AS there, {changed} AS changed, {', '.join(sums)} "
        f"FROM (SELECT {expected} FROM {source} {ONCE}) e "
        f"LEFT JOIN {there} t ON t.id = e.id) {query}"
    )


def _hash(row: str, columns: list[str]) -> str:
    values = ", ".join(f'{row}."{name}"' for name in columns)
    return f"hash_record_extended(ROW({values}), 0)"
