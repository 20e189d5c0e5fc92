"""The format of all API errors.

`detail` is a human-readable sentence, `errors` lists each invalid field with the reason, and
`invalid` each rejected line of a list. All three are always present.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

from django.core.exceptions import (
    NON_FIELD_ERRORS,
    PermissionDenied,
    RequestDataTooBig,
    TooManyFieldsSent,
)
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, RawPostDataException
from django.http.response import HttpResponseBase
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError
from ninja.errors import ValidationError as RequestError
from ninja.responses import Response

from scrapersky.web.database_errors import RETRY_AFTER, message_of

logger = logging.getLogger(__name__)

# Maximum number of fields in a response, so that 100,000 invalid values are not all returned.
MAX_ERRORS = 100
# The reasons of a 401, without and with the header.
NOT_SENT = "Send a token, which you create on your account page, as “Authorization: Bearer TOKEN”."
NOT_ACCEPTED = (
    "This token is not valid: it is unknown, expired or revoked, or the header is not of the form "
    "“Authorization: Bearer TOKEN”."
)


class FieldError(Schema):
    field: str
    reason: str


class RefusedValue(Schema):
    """A rejected value of a list; `line` counts from 1."""

    line: int
    value: str
    reason: str


class Problem(Schema):
    """The body of every response with a status of 400 or more."""

    detail: str
    errors: list[FieldError] = []
    invalid: list[RefusedValue] = []


class InputError(Exception):
    """Invalid input: the field, and the reason as a sentence."""

    def __init__(self, field: str, reason: str, invalid: Sequence[RefusedValue] = ()) -> None:
        self.errors = [FieldError(field=field, reason=reason)]
        self.invalid = list(invalid)
        super().__init__(reason)


class ConflictError(InputError):
    """Input that conflicts with stored data."""


class TooManyAttemptsError(Exception):
    """Too many wrong tokens came from the caller's address."""

    def __init__(self, wait: int) -> None:
        self.wait = wait
        super().__init__(
            f"Too many invalid tokens from your address. Wait {wait} seconds, then try again."
        )


def problem(
    status: int,
    detail: str,
    errors: Iterable[FieldError] = (),
    invalid: Iterable[RefusedValue] = (),
) -> HttpResponse:
    """Return a response in the error format."""
    body = Problem(detail=detail, errors=list(errors), invalid=list(invalid))
    return Response(body.model_dump(), status=status)


def install(api: NinjaAPI) -> None:
    """Make an API return every error in this format."""
    for kind, handler in HANDLERS.items():
        api.add_exception_handler(kind, handler)


def name_methods(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Return 405 in the error format, where ninja would return plain text."""

    @wraps(view)
    def shaped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer = view(request, *args, **kwargs)
        if answer.status_code != 405:
            return answer
        allowed = answer["Allow"]
        refusal = problem(405, f"{request.method} is not allowed here; use {allowed}.")
        refusal["Allow"] = allowed
        return refusal

    return shaped


def _input_error(request: HttpRequest, error: InputError) -> HttpResponse:
    status = 409 if isinstance(error, ConflictError) else 422
    return problem(status, str(error), error.errors, error.invalid)


def _request_error(request: HttpRequest, error: RequestError) -> HttpResponse:
    errors = [
        FieldError(field=_field(item["loc"]), reason=item["msg"].removeprefix("Value error, "))
        for item in error.errors[:MAX_ERRORS]
    ]
    return problem(422, _summary(errors), errors)


def _field(location: Sequence[Any]) -> str:
    """Return `domains.3` for pydantic's ("body", "payload", "domains", 3)."""
    source, *path = location
    if source == "body":
        path = path[1:]
    return ".".join(str(part) for part in path) or str(source)


def _summary(errors: Sequence[FieldError]) -> str:
    first = errors[0]
    more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{first.field}: {first.reason}{more}"


def _refused_by_service(request: HttpRequest, error: DjangoValidationError) -> HttpResponse:
    named = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    errors = [
        FieldError(field="" if name == NON_FIELD_ERRORS else name, reason=sentence)
        for name, sentences in named.items()
        for sentence in sentences
    ]
    return problem(422, _summary(errors).removeprefix(": "), errors)


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    if error.status_code == 400:  # ninja raises it only for a body that is not JSON
        return _input_error(request, InputError("body", "The body is not valid JSON."))
    if error.status_code != 401:
        return problem(error.status_code, str(error))
    answer = problem(401, NOT_ACCEPTED if "Authorization" in request.headers else NOT_SENT)
    answer["WWW-Authenticate"] = "Bearer"
    return answer


def _too_many_attempts(request: HttpRequest, error: TooManyAttemptsError) -> HttpResponse:
    response = problem(429, str(error))
    response["Retry-After"] = str(error.wait)
    return response


def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(404, str(error) or "There is nothing at this URL. Check the path.")


def _forbidden(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return problem(403, str(error) or "You are not allowed to do this.")


def _body_already_read(request: HttpRequest, error: RawPostDataException) -> HttpResponse:
    return _input_error(request, InputError("body", "Send the body as JSON (application/json)."))


def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem(413, "The request body is too large.")


def _too_many_fields(request: HttpRequest, error: TooManyFieldsSent) -> HttpResponse:
    return problem(422, "The query has too many parameters. Use fewer values.")


def _database_error(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("%s %s: database error", request.method, request.path, exc_info=error)
    response = problem(503, message_of(error))
    response["Retry-After"] = RETRY_AFTER
    return response


def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return problem(500, "The server failed on this request and logged the error.")


HANDLERS: dict[type[Exception], Any] = {
    InputError: _input_error,
    RequestError: _request_error,
    DjangoValidationError: _refused_by_service,
    HttpError: _http_error,
    TooManyAttemptsError: _too_many_attempts,
    Http404: _not_found,
    PermissionDenied: _forbidden,
    RequestDataTooBig: _too_big,
    TooManyFieldsSent: _too_many_fields,
    RawPostDataException: _body_already_read,  # the CSRF check has read the body as a form
    OperationalError: _database_error,
    InterfaceError: _database_error,
    Exception: _unexpected,
}
