"""Responses to requests that never reach the console."""

import json
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from django.template.loader import render_to_string
from waitress.task import ErrorTask

from scrapersky.web_server.limits import Limits

REASONS = {
    400: "This is not a valid HTTP request.",
    408: "The request took too long to arrive.",
    413: "The request is too large: {body} MB is the limit, or {upload} MB for a list of domains "
    "that a logged-in user sends.",
    431: "The headers of the request are too large.",
    501: "This transfer encoding is not supported.",
    503: "Too many uploads run at once, or the database does not answer. Try again in a minute.",
}


class Refusal:
    """A refused request, in the form of a waitress error."""

    def __init__(self, code: int) -> None:
        self.code = code


class RefusalTask(ErrorTask):
    """Respond to a refused request: with a page, or with an API error under /api/."""

    def execute(self) -> None:
        code = self.request.error.code
        wants_json = getattr(self.request, "path", "").startswith("/api/")
        self.status = f"{code} {HTTPStatus(code).phrase}"
        body = refusal_body(code, self.channel.adj.limits, wants_json)
        kind = "application/json" if wants_json else "text/html"
        self.response_headers += [
            ("Content-Type", f"{kind}; charset=utf-8"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


@lru_cache(maxsize=32)
def refusal_body(code: int, limits: Limits, wants_json: bool) -> bytes:
    """Return the body of a refusal."""
    reason = reason_of(code, limits)
    if wants_json:
        return json.dumps({"detail": reason, "errors": [], "invalid": []}).encode()
    context: dict[str, Any] = {"code": code, "title": HTTPStatus(code).phrase, "reason": reason}
    return render_to_string("refused.html", context).encode()


def reason_of(code: int, limits: Limits) -> str:
    """Return the sentence for a status, by default the one for server errors."""
    reason = REASONS.get(code, "The server failed on this request and logged the error.")
    megabytes = (size / 1_000_000 for size in (limits.body_bytes, limits.upload_bytes))
    body, upload = (f"{size:g}" for size in megabytes)
    return reason.format(body=body, upload=upload)
