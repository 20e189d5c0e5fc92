"""Display names of failure reasons, verdicts, methods and sources."""

from collections.abc import Iterable

SPELLINGS = {
    "dns": "DNS",
    "tls": "TLS",
    "http": "HTTP",
    "robots": "robots.txt",
    "json_ld": "JSON-LD",
    "mailto": "E-mail link",
    "tel": "Phone",
    "ok": "OK",
    "email": "E-mail",
    "social": "Profile",
    "unscanned": "Not scanned yet",
    "urlset": "List of pages",
    "github": "GitHub",
    "linkedin": "LinkedIn",
    "tiktok": "TikTok",
    "whatsapp": "WhatsApp",
    "xing": "XING",
    "youtube": "YouTube",
}


def readable(value: str) -> str:
    """Return a failure reason, verdict, method or source as words."""
    if value in SPELLINGS:
        return SPELLINGS[value]
    parts = value.replace("_", " ").capitalize().split(" ")
    return " ".join(SPELLINGS.get(word.lower(), word) for word in parts)


def choices_of(values: Iterable[str]) -> list[tuple[str, str]]:
    """Return the choices of a field: each value with its display name."""
    return [(str(value), readable(value)) for value in values]
