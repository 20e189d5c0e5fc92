"""The options of a batch, each defined once.

The form, the API, the admin, the commands and the docs are generated from `BatchOptions`: adding
an option is adding one field here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, Literal, Self, get_args, get_origin

from django.conf import settings
from django.core.exceptions import ValidationError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, create_model
from pydantic import ValidationError as PydanticError
from pydantic.fields import FieldInfo

from scans.engine.limits import Limits
from scrapersky.web.regional import grouped

ENGINE = Limits()
# Minimum number of ended sites before `stop_at_failures` may pause a batch.
MIN_ENDED = 20
ENGINE_LIMITS = frozenset(field.name for field in fields(Limits))


def _reject_bools_and_text(value: Any) -> Any:
    if isinstance(value, bool | str):
        raise ValueError("not a number")
    return value


Integer = Annotated[int, BeforeValidator(_reject_bools_and_text)]
Number = Annotated[float, BeforeValidator(_reject_bools_and_text)]


def _option(default: Any, label: str, help_text: str, *bounds: float, retry: str = "") -> Any:
    """Define one option; `retry` is its help text on the retry form, empty if not offered there."""
    low, high = bounds or (None, None)
    extra: dict[str, Any] = {"retry_help": retry} if retry else {}
    return Field(
        default, title=label, description=help_text, ge=low, le=high, json_schema_extra=extra
    )


class BatchOptions(BaseModel):
    """How the sites of a batch are scanned; durations in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_concurrent: Integer = _option(
        25,
        "Sites at once",
        "How many sites are scanned at the same time.",
        1,
        500,
        retry="Use fewer if the sites share a server.",
    )
    max_pages: Integer = _option(
        ENGINE.max_pages, "Pages kept", "Maximum number of pages listed per site.", 1, 50_000
    )
    inventory: Literal["all", "typed", "counts"] = _option(
        ENGINE.inventory,
        "Pages stored",
        "All pages, only those of a known type (contact, about, legal ...), or only their number.",
    )
    fetch_pages: Integer = _option(
        ENGINE.fetch_pages,
        "Pages opened",
        "Maximum number of pages opened per site.",
        1,
        50,
    )
    site_deadline: Number = _option(
        ENGINE.site_deadline,
        "Seconds per site",
        "A scan that takes longer stops and keeps what it has.",
        1,
        settings.SITE_DEADLINE_MAX,
        retry="Raise it for slow sites.",
    )
    request_delay: Number = _option(
        ENGINE.request_delay,
        "Seconds between requests",
        "Pause before the next request to the same site.",
        0,
        60,
        retry="Raise it for sites that block.",
    )
    obey_robots: StrictBool = _option(
        ENGINE.obey_robots,
        "Obey robots.txt",
        "Skip what a site disallows.",
        retry="Skip what a site disallows.",
    )
    follow: StrictBool = _option(
        ENGINE.follow, "Open contact pages", "Open contact, about and legal pages too."
    )
    sitemaps: StrictBool = _option(
        ENGINE.sitemaps, "Read sitemaps", "List the pages in a site's sitemaps."
    )
    person_names: StrictBool = _option(
        ENGINE.person_names,
        "Names of people",
        "Store the name and position that a page states beside a contact.",
    )
    stop_at_failures: Number = _option(
        0.0,
        "Pause at failures",
        "Pause the batch when this share of the ended sites has failed: 0.5 is half, 0 never."
        f" At least {MIN_ENDED} sites must have ended.",
        0,
        1,
    )
    spread_hours: Number = _option(
        0.0,
        "Spread over hours",
        "Start the sites evenly over this many hours; 0 starts each when a slot is free.",
        0,
        168,
    )
    keep_columns: StrictBool = _option(
        True,
        "Keep columns",
        "Store all columns of a table with its lines, to export them beside the results.",
    )
    test_mode: StrictBool = _option(
        False, "Test mode", "Scan, but store the results only with the job."
    )

    @classmethod
    def validated(cls, raw: dict[str, Any]) -> Self:
        """Return the options with defaults filled in.

        Raises Django's `ValidationError` with one sentence per field that is unknown, of the wrong
        type or out of bounds.
        """
        try:
            return cls(**raw)
        except PydanticError as error:
            names = {str(detail["loc"][0]) for detail in error.errors()}
            raise ValidationError({name: requirement(name) for name in sorted(names)}) from error

    @classmethod
    def stored(cls, raw: dict[str, Any]) -> Self:
        """Return the options of a stored batch, ignoring those of other versions."""
        return cls.model_construct(**{k: v for k, v in raw.items() if k in cls.model_fields})

    def as_dict(self) -> dict[str, Any]:
        return self.model_dump()

    def limits(self, *, sitemaps_only: bool = False) -> Limits:
        """Return the engine's limits for one site of the batch."""
        shared = {k: v for k, v in self if k in ENGINE_LIMITS}
        shared["fetch_pages"] = self.fetch_pages if self.follow else 1
        shared["sitemaps"] = self.sitemaps or sitemaps_only
        return Limits(
            connect_timeout=settings.SCAN_CONNECT_TIMEOUT,
            read_timeout=settings.SCAN_READ_TIMEOUT,
            page_bytes=settings.SCAN_PAGE_BYTES,
            sitemap_bytes=settings.SCAN_SITEMAP_BYTES,
            sitemaps_only=sitemaps_only,
            **shared,
        )

    @property
    def changed_count(self) -> int:
        """How many options differ from their defaults."""
        return sum(getattr(self, item.name) != item.default for item in all_options())

    def described(self) -> Iterator[tuple[str, str]]:
        """Yield each option's label and its value as text, for a page."""
        for option in all_options():
            value = getattr(self, option.name)
            if option.kind is bool:
                yield option.label, "yes" if value else "no"
            else:
                text = grouped(value, None) if option.is_number else str(value)
                yield option.label, text if value else "none"


@dataclass(frozen=True, slots=True)
class Option:
    """What a form field, a command-line argument or a help text needs to know about an option."""

    name: str
    label: str
    help_text: str
    default: Any
    kind: type
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    retry_help: str

    @property
    def is_number(self) -> bool:
        return self.low is not None

    @property
    def requirement(self) -> str:
        """Return which values are valid, as a sentence."""
        if self.choices:
            return f"Must be one of {', '.join(self.choices)}."
        if not self.is_number:
            return "Must be true or false."
        number = "a whole number" if self.kind is int else "a number"
        return f"Must be {number} from {self.low:g} to {self.high:g}."

    @classmethod
    def of(cls, name: str, field: FieldInfo) -> "Option":
        bounds = {k: getattr(m, k) for m in field.metadata for k in ("ge", "le") if hasattr(m, k)}
        is_choice = get_origin(field.annotation) is Literal
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        return cls(
            name=name,
            label=field.title or name,
            help_text=field.description or "",
            default=field.default,
            kind=type(field.default),
            low=bounds.get("ge"),
            high=bounds.get("le"),
            choices=tuple(get_args(field.annotation)) if is_choice else (),
            retry_help=str(extra.get("retry_help", "")),
        )


@cache
def all_options() -> tuple[Option, ...]:
    """Return every option in the order of its definition."""
    return tuple(Option.of(name, field) for name, field in BatchOptions.model_fields.items())


def option(name: str) -> Option:
    """Return one option; raises KeyError for an unknown name."""
    return {option.name: option for option in all_options()}[name]


def inline_options() -> list[Option]:
    """Return the options that hold for sites scanned without a batch."""
    return [
        option
        for option in all_options()
        if option.name in ENGINE_LIMITS or option.name == "max_concurrent"
    ]


def retry_options() -> list[Option]:
    """Return the options that a retry may change."""
    return [option for option in all_options() if option.retry_help]


def requirement(name: str) -> str:
    """Return which values an option accepts, or that it does not exist, as a sentence."""
    if name not in BatchOptions.model_fields:
        return "There is no option with this name."
    return option(name).requirement


def option_changes() -> type[BaseModel]:
    """Return the model for changing options: the same options, all optional."""
    optional: dict[str, Any] = {
        name: (field.rebuild_annotation() | None, None)
        for name, field in BatchOptions.model_fields.items()
    }
    return create_model("OptionChanges", __config__=ConfigDict(extra="forbid"), **optional)
