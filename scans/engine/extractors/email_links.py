"""E-mail addresses in mailto: links, and in links that call a script for one."""

import html as html_entities
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from scans.engine.extractors.email_spellings import from_obfuscated_text
from scans.engine.extractors.emails import FoundEmail, clean_address, from_text
from scans.engine.extractors.text import without_invisible
from scans.engine.hostnames import same_site
from scans.engine.public_suffixes import ascii_host

# `javascript:mailTo('info', 'bakery', 'com')`: the parts of an address, handed to a function.
_CALL = re.compile(
    r"javascript:\s*(?:void\s)?\s*(?P<function>[\w.$]{1,60})\("
    r"(?P<parts>\s*(?:\"[^\"]{1,80}\"|'[^']{1,80}')(?:\s*,\s*(?:\"[^\"]{1,80}\"|'[^']{1,80}')){1,3})\s*\)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"']([^\"']+)[\"']")


def from_hrefs(hrefs: Iterable[tuple[str, str]], host: str = "") -> Iterator[FoundEmail]:
    """Yield the addresses in mailto: links, given as (href, text), including copies.

    Also of those that hand the parts of one to a script; `host` is the page's.
    """
    for href, text in hrefs:
        if address := _handed_to_script(href, host):
            yield FoundEmail(address, "script", text or href[:200])
        if href[:7].lower() == "mailto:":
            receivers = _receivers(href[7:])
            for email in [*from_text(receivers)] or [*from_obfuscated_text(receivers)]:
                yield FoundEmail(email.address, "mailto", text or receivers)


def _handed_to_script(href: str, host: str) -> str:
    """Return the address whose parts a link hands to a function, empty for any other link.

    It has to be the site's own, unless the function is named after mail.
    """
    call = _CALL.match(href) if href[:11].lower() == "javascript:" else None
    if call is None:
        return ""
    local, *labels = _QUOTED.findall(call["parts"])
    address = clean_address(f"{local}@{'.'.join(label.strip('.@') for label in labels)}")
    is_own = same_site(ascii_host(address.rpartition("@")[2]), host) if address and host else False
    return address if is_own or "mail" in call["function"].lower() else ""


def _receivers(target: str) -> str:
    """Return the recipients of a mailto: link, without subject and body."""
    path, _, query = without_invisible(unquote(target)).partition("?")
    copies = [part.partition("=")[2] for part in query.split("&") if _is_receiver(part)]
    return " ".join([html_entities.unescape(path), *copies])


def _is_receiver(part: str) -> bool:
    return part.partition("=")[0].lower().removeprefix("amp;") in ("to", "cc", "bcc")
