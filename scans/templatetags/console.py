"""Template tags and filters of the console."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince, timeuntil

from scans.engine.errors import FailureReason
from scans.names import readable
from scrapersky.web import regional
from scrapersky.web.idn import display_host

register = template.Library()

STAGES = {
    "resolve": "Resolving the domain",
    "robots": "Reading robots.txt",
    "homepage": "Opening the homepage",
    "read": "Reading the homepage",
    "follow": "Opening contact pages",
    "sitemaps": "Reading sitemaps",
    "categorise": "Classifying pages",
    "verdict": "Determining the verdict",
    "host_busy": "Waiting for another scan of this host to end",
}
# Times older than this are shown as dates.
RECENT = timedelta(days=7)
FORMATS = {"day": "%Y-%m-%d", "minute": "%Y-%m-%d %H:%M"}
# Facts about a site -> the fields of its report, of which the first that is not empty counts.
FACTS = {
    "HTTP status": ("http_status",),
    "Server": ("server_address",),
    "Language": ("language",),
    "Charset": ("charset",),
    "Generator": ("generator",),
    "Robots directive": ("meta_robots", "x_robots_tag"),
}
COUNTED = ("contacts", "technologies", "sitemaps")
REASONS = {reason.value: reason for reason in FailureReason}


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """Return a decorative icon from the sprite."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        css,
        static("vendor/tabler-icons/sprite.svg"),
        name,
    )


@register.simple_tag
def facts(report: dict[str, Any]) -> dict[str, Any]:
    """Return the `known` facts of a report, each with its value, and the names of the `unknown`."""
    values = {name: next(filter(None, map(report.get, keys)), None) for name, keys in FACTS.items()}
    known = [(name, value) for name, value in values.items() if value]
    known += [(name.capitalize(), len(report[name])) for name in COUNTED]
    return {"known": known, "unknown": [name for name, value in values.items() if not value]}


@register.simple_tag
def badge(status: str, label: str = "") -> SafeString:
    """Return the badge of a status, verdict or failure reason, coloured by its name."""
    text = label or readable(status)
    # "cancelled" is a status and a reason; nothing failed there.
    css = "failed" if status in REASONS and status != "cancelled" else status
    return format_html('<span class="state state-{}">{}</span>', css, text)


@register.simple_tag
def time(moment: datetime | None, style: str = "") -> SafeString:
    """Return a time in the user's time zone; its title has the exact time and zone.

    `style` is `day` or `minute`; the default is a relative time, or the date if it is long ago.
    """
    if not moment:
        return mark_safe('<span class="text-secondary">&ndash;</span>')
    local = timezone.localtime(moment)
    text = local.strftime(FORMATS[style]) if style else relative(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        regional.exact_time(moment),
        text,
    )


register.filter("exact_time", regional.exact_time)
register.filter("idn", display_host)


@register.simple_tag
def every(times: float = 1) -> str:
    """Return the htmx trigger for the update interval of a page's live part."""
    return f"every {settings.POLL_MILLISECONDS * times:.0f}ms"


@register.filter
def number(value: Any, decimals: int = 0) -> str:
    """Return a number in the user's format; empty for None."""
    return "" if value is None or value == "" else regional.grouped(float(value), decimals)


@register.filter
def filesize(count: Any) -> str:
    """Say a number of bytes in its largest unit, in the user's number format: `1.2 KB`."""
    value, unit = float(count or 0), "B"
    for larger in ("KB", "MB", "GB"):
        if value >= 1_000:
            value, unit = value / 1_000, larger
    return f"{regional.grouped(value, 0 if unit == 'B' else 1)} {unit}"


@register.filter
def duration(seconds: Any) -> str:
    """Format a number of seconds: `0.8 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds is None:
        return "\N{EN DASH}"
    value = float(seconds)
    if value < 10:
        return f"{regional.grouped(value, 1)} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 1:
        return f"{rest} s"
    hours, minutes_left = divmod(minutes, 60)
    return f"{regional.grouped(hours)} h {minutes_left} min" if hours else f"{minutes} min {rest} s"


def relative(moment: datetime) -> str:
    """Return how long ago a time was, or how far ahead it is, in its largest unit.

    Times long past are shown as dates.
    """
    past = timezone.now() - moment
    if past > RECENT:
        return timezone.localtime(moment).strftime(FORMATS["day"])
    if past < timedelta(minutes=-1):
        return f"in {timeuntil(moment, depth=1)}"
    return "just now" if past < timedelta(minutes=1) else f"{timesince(moment, depth=1)} ago"


register.filter("readable", readable)


@register.filter
def reason_sentence(value: str) -> str:
    """Return the sentence of a failure reason; empty if it is unknown."""
    return REASONS[value].sentence if value in REASONS else ""


@register.filter
def with_code(sentence: str) -> SafeString:
    """Return a sentence with the parts in backticks marked up as code."""
    parts = escape(sentence).split("`")
    return mark_safe("".join(f"<code>{p}</code>" if n % 2 else p for n, p in enumerate(parts)))  # noqa: S308 (escaped above)


@register.filter
def retry_may_help(value: str) -> bool:
    """Return whether repeating the scan later may succeed."""
    return value in REASONS and REASONS[value].retry_may_help


@register.filter
def stage_name(value: str) -> str:
    """Return the label of a scan stage."""
    return STAGES.get(value, value.replace("_", " ").capitalize()) if value else "Waiting"


@register.filter
def percent(share: Any) -> str:
    """Format a share from 0 to 1 in per cent, never 100 before everything is done."""
    value = float(share or 0) * 100
    is_whole = value % 1 == 0 or value >= 100
    return f"{value:.0f} %" if is_whole else f"{regional.grouped(min(value, 99.9), 1)} %"


@register.inclusion_tag("includes/pagination.html", takes_context=True)
def pagination(
    context: template.Context, page: Any, target: str = "", url: str = ""
) -> dict[str, Any]:
    """Return pagination links; with `target`, htmx swaps the pages into it."""
    return {
        "request": context["request"],
        "page": page,
        "target": target,
        "url": url,
        "numbers": list(page.paginator.get_elided_page_range(page.number, on_each_side=2)),
        "gap": page.paginator.ELLIPSIS,
    }
