"""E-mail addresses in mailto: links."""

import html as html_entities
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from scans.engine.extractors.email_spellings import from_obfuscated_text
from scans.engine.extractors.emails import FoundEmail, from_text
from scans.engine.extractors.text import without_invisible


def from_hrefs(hrefs: Iterable[tuple[str, str]]) -> Iterator[FoundEmail]:
    """Yield the addresses of (href, text) pairs that are mailto: links, copies to others too."""
    for href, text in hrefs:
        if href[:7].lower() == "mailto:":
            receivers = _receivers(href[7:])
            for email in [*from_text(receivers)] or [*from_obfuscated_text(receivers)]:
                yield FoundEmail(email.address, "mailto", text or receivers)


def _receivers(target: str) -> str:
    """Return who a mailto: link writes to, its subject and body left out."""
    path, _, query = without_invisible(unquote(target)).partition("?")
    copies = [part.partition("=")[2] for part in query.split("&") if _is_receiver(part)]
    return " ".join([html_entities.unescape(path), *copies])


def _is_receiver(part: str) -> bool:
    return part.partition("=")[0].lower().removeprefix("amp;") in ("to", "cc", "bcc")
