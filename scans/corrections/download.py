"""Save corrected pages as a scan would fetch them."""

import codecs
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from scans.corrections.export import Label
from scans.engine.errors import ScanError
from scans.engine.extractors.charset import decode
from scans.engine.fetcher import Fetcher, Response
from scans.engine.limits import Limits
from scans.engine.robots_cache import RobotsCache
from scans.fetch_settings import fetch_settings

# Seconds between two requests to a site.
GAP = 0.5
# Headers that say nothing about a page's content.
NOT_KEPT = ("set-cookie", "date", "content-length", "content-encoding", "transfer-encoding")


def save_pages(labels: dict[str, Label], folder: Path, report: Callable[[str], None]) -> int:
    """Fetch pages into a folder with `urls.tsv` and `labels.json`; return how many were saved.

    The scan's guard checks every address, and robots.txt is obeyed. `report` is called with a
    message for each missing page; the two files list only saved ones.
    """
    (folder / "pages").mkdir(parents=True, exist_ok=True)
    saved: dict[str, Label] = {}
    for names in _by_site(labels):
        for name, result in _fetch_site({name: labels[name]["url"] for name in names}):
            problem = result if isinstance(result, str) else _problem(result, labels[name])
            if problem or isinstance(result, str):
                report(f"{labels[name]['url']}: {problem}")
                continue
            (folder / "pages" / name).write_bytes(_readable_alone(result))
            saved[name] = labels[name] | {"status": result.status, "headers": _headers(result)}
    write_labels(saved, folder / "labels.json")
    lines = "".join(f"{name}\t{label['url']}\n" for name, label in saved.items())
    (folder / "urls.tsv").write_text(lines, "utf-8")
    return len(saved)


def write_labels(labels: dict[str, Label], path: Path) -> None:
    """Write labels as `export_corrections` prints them."""
    path.write_text(as_json(labels) + "\n", "utf-8")


def as_json(labels: dict[str, Label]) -> str:
    return json.dumps(labels, indent=1, sort_keys=True)


def _by_site(labels: dict[str, Label]) -> Iterator[list[str]]:
    sites: dict[str, list[str]] = defaultdict(list)
    for name, label in labels.items():
        sites[_origin(label["url"])].append(name)
    yield from sites.values()


def _origin(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _fetch_site(urls: dict[str, str]) -> Iterator[tuple[str, Response | str]]:
    """Yield the response for each page of a site, or why it is missing."""
    usual = Limits()
    limits = replace(usual, request_delay=GAP, site_deadline=usual.site_deadline * len(urls))
    fetcher = Fetcher(fetch_settings(), limits)
    robots = RobotsCache(fetcher)
    try:
        for name, url in urls.items():
            try:
                if port := urlsplit(url).port:
                    fetcher.allow_port(port)
                robots.check(url)
                yield name, fetcher.fetch_page(url, cut_endless=True, on_redirect=robots.check)
            except ScanError as error:
                yield name, error.sentence
            except ValueError:
                yield name, "This is not a URL."
    finally:
        fetcher.close()


def _problem(response: Response, label: Label) -> str:
    """Return why a response cannot be scored; pages with a corrected verdict always can."""
    is_judged = any(statement["kind"] == "verdict" for statement in label["corrections"])
    if response.status < 400 or is_judged:
        return ""
    return f"The server responded with status {response.status}."


def _readable_alone(response: Response) -> bytes:
    """Return a body that is decoded the same without its Content-Type header."""
    text = decode(response.body, response.content_type)[0]
    if decode(response.body)[0] == text:
        return response.body
    return codecs.BOM_UTF8 + text.encode("utf-8", "replace")


def _headers(response: Response) -> dict[str, str]:
    return {name: v for name, v in response.headers.items() if name.lower() not in NOT_KEPT}
