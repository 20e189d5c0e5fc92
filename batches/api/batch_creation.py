"""Read the list of a new batch from the body of a request: JSON, or JSON Lines as a stream."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, ValidationError
from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.errors import ValidationError as RequestError
from pydantic import ValidationError as PydanticError

from batches import services
from batches.api import schemas
from batches.large_lists import (
    LargeList,
    create_batch_of_any_size,
    create_large_batch,
    saved_list,
)
from batches.list_parsing import chunks_of, kept_rows, may_be_larger, read_json_lines, rejections
from batches.models import Batch
from batches.options import all_options
from batches.sources import find_source, is_large, parsed_source
from scans.engine.lists.collection import ListTooLong, ParsedList, read_values
from scans.engine.lists.errors import UnreadableFile
from scrapersky.tenants.access import tenant_for_new_rows
from scrapersky.tenants.models import User
from scrapersky.web.api_auth import token_name
from scrapersky.web.api_errors import InputError
from scrapersky.web.regional import grouped

JSON_LINES = ("application/jsonl", "application/x-ndjson")
BODY = {
    "requestBody": {
        "required": True,
        "description": (
            'JSON Lines hold a domain, as a string or as `{"domain": ...}`, in each line; the '
            "other fields are then query parameters."
        ),
        "content": {
            "application/json": {"schema": schemas.BatchIn.json_schema()},
            **{kind: {"schema": {"type": "string"}} for kind in JSON_LINES},
        },
    }
}
Params = TypeVar("Params", bound=schemas.BatchParams)
_BLOCK = 262_144


@dataclass(frozen=True, slots=True)
class CreatedBatch:
    """A new batch and its parsed list; `read` is None while the list is still being read."""

    batch: Batch
    read: ParsedList | None


def create_from(
    request: HttpRequest,
    user: User,
    processor_type: Batch.ProcessorType = Batch.ProcessorType.DOMAIN_SCAN,
) -> CreatedBatch:
    """Create the batch of a request's body.

    Raises `RequestError`, `InputError`, Django's `ValidationError` and `BatchExistsError`.
    """
    if request.content_type in JSON_LINES:
        return _from_json_lines(request, user, processor_type)
    payload = _checked(schemas.BatchIn.model_validate, _json_of(request), ("body", "payload"))
    arguments = _params(payload, user, processor_type, token_name(request))
    if payload.source:
        return _from_source(payload.source, user, arguments)
    domains = payload.domains
    if len(domains) > services.at_once_limit() and may_be_larger():
        lines = (f"{json.dumps(domain)}\n".encode() for domain in domains)
        with saved_list(LargeList(lines, is_json_lines=True)) as saved:
            return CreatedBatch(create_large_batch(saved, **arguments), None)
    return _create(read_values(domains, allowed_networks=settings.SCAN_ALLOWED_NETWORKS), arguments)


def _from_source(key: str, user: User, arguments: dict[str, Any]) -> CreatedBatch:
    """Create a batch of the domains that a list, a view or filters contain now."""
    try:
        source = find_source(key, user=user, tenant=arguments["tenant"])
        hosts = source.hosts()
    except ValidationError as error:
        raise InputError("source", " ".join(error.messages)) from error
    arguments["metadata"] |= source.metadata
    batch = create_batch_of_any_size(domains=hosts, **arguments)
    return CreatedBatch(batch, None if is_large(hosts) else parsed_source(hosts))


def _from_json_lines(request: HttpRequest, user: User, processor_type: str) -> CreatedBatch:
    params = _checked(schemas.BatchParams.model_validate, _query_of(request), ("query",))
    arguments = _params(params, user, processor_type, token_name(request))
    with saved_list(LargeList(_body_of(request), is_json_lines=True)) as saved:
        try:
            with saved.path.open("rb") as file:
                keep = kept_rows(is_wanted=arguments["options"].get("keep_columns", True))
                read = read_json_lines(chunks_of(file), keep=keep)
        except ListTooLong as error:
            if not may_be_larger():
                raise InputError("domains", str(error)) from error
            return CreatedBatch(create_large_batch(saved, **arguments), None)
        except UnreadableFile as error:
            raise InputError("domains", str(error)) from error
    return _create(read, arguments)


def _create(read: ParsedList, arguments: dict[str, Any]) -> CreatedBatch:
    if not read.accepted:
        raise InputError("domains", _why_none(read), schemas.invalid_lines(read))
    arguments["metadata"] |= rejections(read)
    batch = services.create_batch(domains=read.hosts, rows=read.rows, **arguments)
    return CreatedBatch(batch, read)


def _params(
    payload: schemas.BatchParams, user: User, processor_type: str, token: str
) -> dict[str, Any]:
    return {
        "tenant": tenant_for_new_rows(user),
        "created_by": user,
        "options": payload.options(),
        "name": payload.name,
        "batch_id": payload.batch_id,
        "processor_type": processor_type,
        "metadata": {"token": token} if token else {},
        "skips": payload.skips(),
    }


def _query_of(request: HttpRequest) -> dict[str, Any]:
    """Return the query parameters with numbers and booleans converted as in JSON."""
    typed = {option.name for option in all_options() if option.is_number or option.kind is bool}
    typed |= {"skip_scanned_within", "skip_known"}
    return {name: _value(text) if name in typed else text for name, text in request.GET.items()}


def _value(text: Any) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _json_of(request: HttpRequest) -> Any:
    if not request.body:
        raise RequestError(
            [{"loc": ("body", "payload"), "msg": "Field required", "type": "missing"}]
        )
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise HttpError(400, "Cannot parse request body") from error


def _checked(validate: Callable[[Any], Params], values: Any, location: tuple[str, ...]) -> Params:
    try:
        return validate(values)
    except PydanticError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        raise RequestError(
            [{**detail, "loc": (*location, *detail["loc"])} for detail in details]
        ) from error


def _body_of(request: HttpRequest) -> Iterator[bytes]:
    size = 0
    while block := request.read(_BLOCK):
        size += len(block)
        if size > settings.UPLOAD_MAX_BYTES:
            raise RequestDataTooBig
        yield block


def _why_none(read: ParsedList) -> str:
    shown, count = len(read.rejected), read.rejected_count
    if not count:
        return "The list contains no domain."
    if shown == count:
        return "None of these domains can be scanned."
    none = f"None of the {grouped(count)} domains can be scanned"
    return f"{none}; the first {grouped(shown)} are listed."
