"""Bulk operations on results: curate, tag, queue for sitemaps; importing registers them."""

from django.core.exceptions import ValidationError
from django.http import QueryDict

from scans.bulk.models import Result
from scans.bulk.operations import Chunk, Operation, Params, count_of, register
from scans.curating import add_tags, read_tags, remove_tags, set_curation
from scans.curation import Curation
from scans.lists import CONTACTS, DOMAINS, PAGES, SITEMAPS
from scans.services import Queueing, queue_for_sitemaps
from scrapersky.web.lists.definition import ListDefinition
from scrapersky.web.regional import grouped


def _read_curation(sent: QueryDict) -> Params:
    curation = sent.get("curation", "")
    if curation not in Curation.values:
        raise ValidationError("Choose one of the curation statuses.")
    return {"curation": curation}


def _curate(chunk: Chunk) -> Result:
    changed = set_curation(chunk.query, curation=chunk.params["curation"], user=chunk.user)
    return _counts(changed, chunk)


def _counts(changed: int, chunk: Chunk) -> Result:
    return {"changed": changed, "same": len(chunk.rows) - changed}


def _and_same(result: Result, what: str) -> str:
    same = result.get("same", 0)
    return f" {grouped(same)} {what}." if same else ""


def _curation_of(definition: ListDefinition) -> Operation:
    def sentence(result: Result, params: Params) -> str:
        rows = count_of(result.get("changed", 0), definition.singular)
        label = Curation(params["curation"]).label
        return f"{rows} set to “{label}”." + _and_same(result, "had that status already")

    return Operation(
        name="curate",
        list_name=definition.name,
        doing=f"Curating {definition.label.lower()}",
        read=_read_curation,
        apply=_curate,
        sentence=sentence,
    )


for definition in (DOMAINS, CONTACTS, PAGES, SITEMAPS):
    register(_curation_of(definition))


def _read_tags(sent: QueryDict) -> Params:
    return {"tags": read_tags(sent.get("tags", ""))}


def _named(params: Params) -> str:
    return ", ".join(f"“{name}”" for name in params["tags"])


def _tag(chunk: Chunk) -> Result:
    return _counts(add_tags(chunk.query, chunk.params["tags"], user=chunk.user), chunk)


def _untag(chunk: Chunk) -> Result:
    return _counts(remove_tags(chunk.query, chunk.params["tags"]), chunk)


def _tagged(result: Result, params: Params) -> str:
    rows = count_of(result.get("changed", 0), "domain")
    return f"{rows} tagged {_named(params)}." + _and_same(result, "had that already")


def _untagged(result: Result, params: Params) -> str:
    rows = count_of(result.get("changed", 0), "domain")
    return f"{_named(params)} removed from {rows}." + _and_same(result, "did not have that")


register(
    Operation(
        name="tag",
        list_name=DOMAINS.name,
        doing="Tagging domains",
        read=_read_tags,
        apply=_tag,
        sentence=_tagged,
    )
)
register(
    Operation(
        name="untag",
        list_name=DOMAINS.name,
        doing="Removing tags from domains",
        read=_read_tags,
        apply=_untag,
        sentence=_untagged,
    )
)


def _queue(chunk: Chunk) -> Result:
    queueing = queue_for_sitemaps(chunk.query)
    return {"queued": queueing.queued, "waiting": queueing.waiting}


def _queued(result: Result, params: Params) -> str:
    return Queueing(result.get("queued", 0), result.get("waiting", 0)).sentence


register(
    Operation(
        name="sitemaps",
        list_name=DOMAINS.name,
        doing="Queueing domains for sitemaps",
        apply=_queue,
        sentence=_queued,
    )
)
