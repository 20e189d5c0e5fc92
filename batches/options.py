"""The options of a batch: one place that says what may be asked, for form, API and commands."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

from scans.engine.limits import FetchSettings, Limits

BOUNDS: dict[str, tuple[float, float]] = {
    "max_concurrent": (1, 500),
    "max_pages": (1, 50_000),
    "fetch_pages": (1, 50),
    "site_deadline": (1, settings.SITE_DEADLINE_MAX),
    "request_delay": (0, 60),
}


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What a batch asks of its scans; durations in seconds."""

    max_concurrent: int = 25
    max_pages: int = 1_000
    fetch_pages: int = 5
    site_deadline: float = 60.0
    obey_robots: bool = True
    request_delay: float = 0.0
    sitemaps: bool = True
    follow: bool = True
    test_mode: bool = False

    @classmethod
    def validated(cls, raw: dict[str, Any]) -> "BatchOptions":
        """Return the options, defaults filled in.

        Raises `ValidationError` with a sentence for every field that is unknown, of the wrong
        type or out of bounds.
        """
        known = {field.name: field.default for field in fields(cls)}
        errors = dict.fromkeys(raw.keys() - known.keys(), "There is no such option.")
        values = {}
        for name, value in raw.items():
            if name in known:
                try:
                    values[name] = _checked(name, value, type(known[name]))
                except ValueError as error:
                    errors[name] = str(error)
        if errors:
            raise ValidationError(errors)
        return cls(**values)

    @classmethod
    def stored(cls, raw: dict[str, Any]) -> "BatchOptions":
        """Return the options of a stored batch; what an older version wrote is passed over."""
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in raw.items() if name in names})

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def limits(self, *, sitemaps_only: bool = False) -> Limits:
        """Return the engine's limits for one site of the batch."""
        return Limits(
            connect_timeout=settings.SCAN_CONNECT_TIMEOUT,
            read_timeout=settings.SCAN_READ_TIMEOUT,
            page_bytes=settings.SCAN_PAGE_BYTES,
            sitemap_bytes=settings.SCAN_SITEMAP_BYTES,
            site_deadline=self.site_deadline,
            fetch_pages=self.fetch_pages if self.follow else 1,
            max_pages=self.max_pages,
            obey_robots=self.obey_robots,
            request_delay=self.request_delay,
            sitemaps=self.sitemaps or sitemaps_only,
            follow=self.follow,
            sitemaps_only=sitemaps_only,
        )


def _checked(name: str, value: Any, kind: type) -> Any:
    if name not in BOUNDS:
        if isinstance(value, bool):
            return value
        raise ValueError("Give true or false.")
    low, high = BOUNDS[name]
    whole = kind is int
    sentence = f"Give a {'whole ' if whole else ''}number from {low:g} to {high:g}."
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(sentence)
    if whole and value != int(value):
        raise ValueError(sentence)
    return int(value) if whole else value


def fetch_settings() -> FetchSettings:
    """Return what every fetch of this installation shares."""
    return FetchSettings(
        user_agent=settings.USER_AGENT,
        allowed_networks=settings.SCAN_ALLOWED_NETWORKS,
        mapped_networks=settings.SCAN_MAPPED_NETWORKS,
        host_map=settings.SCAN_HOST_MAP,
        allow_any_port=settings.SCAN_ALLOW_ANY_PORT,
        ca_file=settings.SCAN_CA_FILE,
    )
