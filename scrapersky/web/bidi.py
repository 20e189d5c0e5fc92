"""Keep bidi controls in untrusted text from reordering the surrounding page.

A title may contain U+202E, which reverses the rest of the line. Django's escaping does not handle
it, so this middleware processes every HTML response. The controls stay in the text, each in its own
isolate (UAX #9), where it has no effect; the text as a whole is isolated as well.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponse, HttpResponseBase

FSI, PDI = "\u2068", "\u2069"
# Marks affect only adjacent characters, and right-to-left titles need them.
_MARKS = "\u061c\u200e\u200f"
_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]")
_ISOLATES = "\u2066\u2067\u2068"
_ANY = re.compile(f"[{_MARKS}\u202a-\u202e\u2066-\u2069]")
_ANY_BYTES = re.compile(rb"\xd8\x9c|\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]")
# The parts of a page. In elements without child elements, only characters can isolate. Text areas
# are unchanged because their content is submitted again, as are scripts and attributes.
_PARTS = re.compile(
    r"(?P<kept><(?P<element>script|style|textarea)\b.*?</(?P=element)\s*>|<!--.*?-->)"
    r"|(?P<plain><(?P<name>title|option)\b[^>]*>[^<]*)"
    r"""|(?P<tag><(?:[^>"']|"[^"]*"|'[^']*')*>)"""
    r"|(?P<text>[^<]+)",
    re.IGNORECASE | re.DOTALL,
)


class IsolateBidiMiddleware:
    """Isolate bidi controls in the text of HTML responses."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        is_html = response.headers.get("Content-Type", "").startswith("text/html")
        if isinstance(response, HttpResponse) and is_html and _ANY_BYTES.search(response.content):
            response.content = isolate_html(response.content.decode())
        return response


def isolate_html(page: str) -> str:
    """Return HTML in which bidi controls have no effect outside their text."""
    return _PARTS.sub(_isolate_part, page)


def isolate(text: str) -> str:
    """Return plain text with each bidi control in its own isolate."""
    return _CONTROL.sub(_isolate_control, text)


def _isolate_part(part: re.Match[str]) -> str:
    text = part[0]
    if part["kept"] or part["tag"] or not _ANY.search(text):
        return text
    if part["plain"]:
        tag, end, content = text.partition(">")
        return tag + end + isolate(content)
    return f"<bdi>{isolate(text)}</bdi>"


def _isolate_control(control: re.Match[str]) -> str:
    character = control[0]
    if character == PDI:
        return FSI + PDI
    return FSI + character + PDI * (2 if character in _ISOLATES else 1)
