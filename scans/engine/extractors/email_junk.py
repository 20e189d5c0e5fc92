"""What looks like an e-mail address and leads to nobody, and what kind the others are."""

import re

from scans.engine.extractors.vocabulary import words
from scans.engine.hostnames import registrable_domain

_PLACEHOLDER_HOST = re.compile(
    r"^(?:your|my|some|any)[-_]?(?:company|business|domain|email|website|site|mail)"
    r"(?:name|address|here)?\.[a-z.]{2,6}$"
)
_MACHINE_MADE = re.compile(r"^[0-9a-f]{20,}$|^[0-9a-f]{8}-[0-9a-f]{4}-|^\d{12,}$")
_FILE_ENDINGS = (
    ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".ico", ".css", ".js", ".mjs",
    ".map", ".woff", ".woff2", ".ttf", ".mp4", ".pdf", ".zip", ".php", ".html", ".min",
)  # fmt: skip


def is_junk(address: str) -> bool:
    """Say whether a lower-case address is a placeholder, a file name or a machine's identifier."""
    local, _, domain = address.rpartition("@")
    if domain.endswith(_FILE_ENDINGS) or local.endswith(_FILE_ENDINGS):
        return True
    if _MACHINE_MADE.match(local) or local in words("placeholder_locals"):
        return True
    if domain in words("free_domains"):
        return local in words("placeholder_locals_at_free_domains")
    if _PLACEHOLDER_HOST.match(domain):
        return True
    return registrable_domain(domain) in words("placeholder_domains")


def kind_of(address: str, site_host: str) -> str:
    """Tell free, service, corporate or unknown.

    Free: a provider for everybody (gmail.com). Service: a role reads it (info@, sales@). Corporate:
    a person or a department at the site's own domain. Unknown: anything else.
    """
    local, _, domain = address.rpartition("@")
    if domain in words("free_domains"):
        return "free"
    if {local, re.split(r"[._+-]", local)[0]} & words("service_locals"):
        return "service"
    same = bool(site_host) and registrable_domain(domain) == registrable_domain(site_host)
    return "corporate" if same else "unknown"
