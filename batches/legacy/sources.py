"""Define the common shape in which older tables of any version are read.

During a run every table is available as `old_<table>` (created by `reading`). Missing columns are
NULL, enums are text, times have a zone. Columns not listed here are collected in `extra`, and times
that Python cannot represent (infinity, BC) in `odd`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from batches.legacy.ids import sql_embedded_uuid
from batches.legacy.json_sql import EMPTY

# Kinds of columns and their types. A `key` also gives `<name>_u`: the UUID in it.
TYPES = {
    "key": "text",
    "text": "text",
    "time": "timestamptz",
    "int": "bigint",
    "float": "float8",
    "bool": "bool",
    "json": "jsonb",
    "texts": "text[]",
}

# Older table -> the columns that are converted, with their kinds.
TABLES = {
    "tenants": "id:key name:text created_at:time",
    "profiles": "id:key tenant_id:text name:text full_name:text email:text role:text "
    "created_at:time",
    "batch_jobs": "id:int batch_id:key batch_id_original:text batch_id_string:text id_uuid:text "
    "tenant_id:text processor_type:text status:text created_by:text total_domains:int "
    "completed_domains:int failed_domains:int progress:float batch_metadata:json options:json "
    "start_time:time end_time:time processing_time:float error:text created_at:time "
    "updated_at:time",
    "jobs": "id:int job_id:key id_uuid:text tenant_id:text tenant_id_uuid:text job_type:text "
    "status:text progress:float domain_id:key batch_id:text batch_id_string:text created_by:text "
    "error:text result:json metadata:json result_data:json job_metadata:json started_at:time "
    "completed_at:time created_at:time updated_at:time",
    "domains": "id:key tenant_id:text domain:text title:text description:text language:text "
    "favicon_url:text logo_url:text is_wordpress:bool wordpress_version:text has_elementor:bool "
    "elementor_version:text phone_numbers:texts email_addresses:texts facebook_url:text "
    "twitter_url:text linkedin_url:text instagram_url:text youtube_url:text tech_stack:json "
    "domain_metadata:json sitemap_urls:int total_sitemaps:int status:text batch_id:text "
    "last_scan:time notes:text sitemap_curation_status:text "
    "sitemap_analysis_status:text sitemap_analysis_error:text created_at:time "
    "updated_at:time",
    "sitemap_files": "id:key tenant_id:text domain_id:key url:text sitemap_type:text "
    "discovery_method:text url_count:int size_bytes:int error_message:text "
    "deep_scrape_curation_status:text created_at:time "
    "updated_at:time",
    "sitemap_urls": "id:key tenant_id:text domain_id:key sitemap_id:key url:text loc_text:text "
    "page_type:text "
    "lastmod:time changefreq:text priority_value:float created_at:time updated_at:time",
    "pages": "id:key tenant_id:text domain_id:key url:text page_type:text last_modified:time "
    "last_scan:time page_curation_status:text created_at:time updated_at:time",
    "contacts": "id:key domain_id:key page_id:key email:text email_type:text context:text "
    "source_url:text name:text contact_curation_status:text created_at:time updated_at:time",
}

# Kind of the map -> older tables.
TABLES_OF = {
    "tenant": ("tenants",),
    "user": ("profiles",),
    "batch": ("batch_jobs",),
    "job": ("jobs",),
    "domain": ("domains",),
    "sitemap": ("sitemap_files",),
    "page": ("sitemap_urls", "pages"),
    "contact": ("contacts",),
}
# Tables whose unlisted columns are kept in metadata.
WITH_EXTRA = TABLES.keys() - {"tenants", "profiles"}
# PostgreSQL functions take at most 100 arguments.
MOST_PAIRS = 45
FIRST_DAY, LAST_DAY = "0001-01-02", "9999-12-30"


@dataclass(frozen=True)
class Actual:
    """A column of an installation: its quoted name, its type and the type's category."""

    name: str
    type: str
    category: str


def quoted(name: str) -> str:
    """Return a name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def known_columns(table: str) -> dict[str, str]:
    """Return the columns of a table that are converted, with their kinds."""
    pairs = (entry.partition(":") for entry in TABLES[table].split())
    return {name: kind for name, _, kind in pairs}


def columns_with_types(table: str) -> dict[str, str]:
    """Return the columns of `old_<table>` with their types."""
    shape = {}
    for name, kind in known_columns(table).items():
        shape[name] = TYPES[kind]
        if kind == "key":
            shape[f"{name}_u"] = "uuid"
    return shape | {"extra": "jsonb", "odd": "jsonb"}


def query(table: str, present: dict[str, Actual], name: str) -> str:
    """Return the SELECT that reads a table in the common shape; a missing table has no rows.

    `present` are the actual columns, `name` is the quoted name.
    """
    if not present:
        nothing = ", ".join(
            f"NULL::{kind} AS {name}" for name, kind in columns_with_types(table).items()
        )
        return f"SELECT {nothing} WHERE false"
    parts = []
    for column, kind in known_columns(table).items():
        parts += _expressions(column, kind, present.get(column))
    others = [actual for name, actual in present.items() if name not in known_columns(table)]
    extra = others if table in WITH_EXTRA else []
    times = [
        actual
        for name, kind in known_columns(table).items()
        if kind == "time" and (actual := present.get(name)) and _is_time(actual)
    ]
    parts += [f"{_extra(extra)} AS extra", f"{_odd(times)} AS odd"]
    return f"SELECT {', '.join(parts)} FROM {name}"


def _expressions(name: str, kind: str, actual: Actual | None) -> list[str]:
    if actual is None:
        selected = [f"NULL::{TYPES[kind]} AS {name}"]
        return [*selected, f"NULL::uuid AS {name}_u"] if kind == "key" else selected
    read = _READ[kind](actual)
    # Not cast, so that the index of an id can be used.
    selected = [f"{read if read == actual.name else f'({read})::{TYPES[kind]}'} AS {name}"]
    if kind == "key":
        parsed = actual.name if actual.type == "uuid" else sql_embedded_uuid(f"{actual.name}::text")
        selected.append(f"({parsed})::uuid AS {name}_u")
    return selected


def _text(actual: Actual) -> str:
    return f"{actual.name}::text"


def _is_time(actual: Actual) -> bool:
    return actual.type in ("timestamp with time zone", "timestamp without time zone", "date")


def _is_sane(actual: Actual) -> str:
    return f"{actual.name} BETWEEN '{FIRST_DAY}' AND '{LAST_DAY}'"


def _sane_time(actual: Actual) -> str:
    if not _is_time(actual):
        return "NULL"
    zoned = actual.name
    if actual.type != "timestamp with time zone":
        zoned = f"{actual.name}::timestamp AT TIME ZONE 'UTC'"
    return f"CASE WHEN {_is_sane(actual)} THEN {zoned} END"


def _int(actual: Actual) -> str:
    if actual.type in ("smallint", "integer", "bigint"):
        return actual.name
    return f"CASE WHEN {actual.name}::text ~ '^-?[0-9]{{1,18}}$' THEN {actual.name}::text END"


def _float(actual: Actual) -> str:
    if actual.category == "N":
        return actual.name
    return f"CASE WHEN {actual.name}::text ~ '^-?[0-9]{{1,15}}([.][0-9]{{1,15}})?$' THEN {actual.name}::text END"  # noqa: E501


def _bool(actual: Actual) -> str:
    if actual.type == "boolean":
        return actual.name
    return f"lower({actual.name}::text) IN ('1', 't', 'true', 'y', 'yes')"


def _json(actual: Actual) -> str:
    """Return the SQL of a `jsonb` value; `json` may contain escaped NULs, which `jsonb` rejects."""
    if actual.type == "json":
        return f"replace({actual.name}::text, '\\u0000', '\\ufffd')::jsonb"
    return f"to_jsonb({actual.name})"


def _texts(actual: Actual) -> str:
    if actual.category == "A":
        return f"{actual.name}::text[]"
    if actual.type == "jsonb":
        listed = f"ARRAY(SELECT jsonb_array_elements_text({actual.name}))"
        return f"CASE WHEN jsonb_typeof({actual.name}) = 'array' THEN {listed} END"
    return f"CASE WHEN {actual.name} IS NOT NULL THEN ARRAY[{actual.name}::text] END"


_READ = {
    "key": _text,
    "text": _text,
    "time": _sane_time,
    "int": _int,
    "float": _float,
    "bool": _bool,
    "json": _json,
    "texts": _texts,
}


def _extra(columns: list[Actual]) -> str:
    """Return the SQL of the other columns as an object without NULLs; NULL if all are NULL."""
    if not columns:
        return "NULL::jsonb"
    json = [actual for actual in columns if actual.type in ("json", "jsonb")]
    others = [actual for actual in columns if actual not in json]
    parts = [f"jsonb_strip_nulls({_object(some)})" for some in _groups(others)]
    parts += [
        f"CASE WHEN {each.name} IS NULL THEN {EMPTY} ELSE {_object([each])} END" for each in json
    ]
    filled = " OR ".join(
        f"num_nonnulls({', '.join(each.name for each in some)}) > 0" for some in _groups(columns)
    )
    return f"CASE WHEN {filled} THEN {' || '.join(parts)} END"


def _groups(columns: list[Actual]) -> list[list[Actual]]:
    return [columns[at : at + MOST_PAIRS] for at in range(0, len(columns), MOST_PAIRS)]


def _object(columns: Iterable[Actual]) -> str:
    """Return an object of columns by their names."""
    pairs = (
        f"{_literal(each)}, {_json(each) if each.type == 'json' else each.name}" for each in columns
    )
    return f"jsonb_build_object({', '.join(pairs)})"


def _literal(actual: Actual) -> str:
    return "'" + actual.name[1:-1].replace('""', '"').replace("'", "''") + "'"


def _odd(times: list[Actual]) -> str:
    """Return the SQL of the unrepresentable times as an object of texts; NULL if none."""
    if not times:
        return "NULL::jsonb"
    strange = [f"NOT {_is_sane(actual)}" for actual in times]
    texts = ", ".join(
        f"{_literal(actual)}, CASE WHEN {test} THEN {actual.name}::text END"
        for actual, test in zip(times, strange, strict=True)
    )
    any_strange = " OR ".join(f"({test})" for test in strange)
    return f"CASE WHEN {any_strange} THEN jsonb_strip_nulls(jsonb_build_object({texts})) END"
