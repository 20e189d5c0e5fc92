"""Choose the best contacts of converted domains by the rule of `scans.engine.best_contact`.

New domains are written together with them, because updating a domain takes as long as inserting
it.
"""

from itertools import chain, islice

from batches.legacy.contacts_and_technologies import CONTACT_ID
from batches.legacy.context import CHUNK, Context
from batches.legacy.inventory import CONTACTS, sql_newest
from batches.legacy.target import has_column
from scans.best_contacts import PINNABLE, best_by_domain, choose_for_stored
from scans.models import Contact, Domain

# The fields of a candidate after those of its domain, as `best_by_domain` takes them.
CANDIDATES = f"""
SELECT d.uuid, d.host, '', c.kind, c.label, c.value, c.page_url FROM row_domain d JOIN (
    SELECT f.uuid AS domain, {CONTACT_ID} AS id, f.kind, f.label, f.value, '' AS page_url
    FROM found_contact f WHERE f.kind IN ('email', 'phone')
    UNION ALL
    SELECT r.domain, r.uuid, 'email', '', r.email, coalesce(r.page_url, '')
    FROM {sql_newest(CONTACTS.table, CONTACTS.same, ["page_url"])}
) AS c ON c.domain = d.uuid WHERE d.made ORDER BY d.uuid, c.id"""
# Whether domains that this run does not create get contacts.
HAS_LATER = """
SELECT EXISTS (
    SELECT uuid FROM found_contact UNION ALL SELECT domain FROM row_contact WHERE made
    EXCEPT SELECT uuid FROM row_domain WHERE made)"""
# Chosen contacts that a reversal has removed.
FORGET = """
UPDATE {domains} d SET {column} = NULL FROM {map} m
WHERE m.kind = 'domain' AND d.id = m.uuid AND d.{column} IS NOT NULL AND NOT EXISTS (
    SELECT FROM {contacts} c WHERE c.domain_id = d.id AND c.kind = '{kind}' AND c.value = d.{column}
)"""


def plan(context: Context) -> None:
    """Choose the best contacts of the domains that this run creates."""
    context.define("best_contact", "domain uuid, email text, phone text")
    if context.verifying or not _are_stored(context):
        return
    best = best_by_domain(chain.from_iterable(context.chunks(CANDIDATES)))
    while some := list(islice(best, CHUNK)):
        context.copy("best_contact", some)
    context.execute("ANALYZE best_contact")


def choose_later(context: Context) -> None:
    """Choose those of other domains that have none yet."""
    if _are_stored(context) and context.value(HAS_LATER):
        choose_for_stored(Domain, Contact)


def forget_removed(context: Context) -> None:
    """Choose anew for domains whose best contacts were removed."""
    if not _are_stored(context):
        return
    tables = {
        "domains": context.table("scans.Domain"),
        "contacts": context.table("scans.Contact"),
        "map": context.map,
    }
    forgotten = sum(
        context.execute(FORGET.format(column=f"best_{kind}", kind=kind, **tables))
        for kind in PINNABLE
    )
    if forgotten:
        choose_for_stored(Domain, Contact)


def _are_stored(context: Context) -> bool:
    """Return whether domains have them yet; if not, a migration that follows will choose."""
    return not context.is_preview and has_column(context, "scans.Domain", "best_email")
