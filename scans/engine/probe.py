"""Request robots.txt from a few sites to see whether this machine's network works.

Run as `python -m scans.engine.probe`. In: a line of JSON, the URLs as `urls`, the time-outs of one
request in seconds as `connect_timeout` and `read_timeout`, and the fields of `FetchSettings`. Out:
a line of JSON, the URLs that answered, with whatever status. Each process has its own resolver, so
that nothing is answered from a cache.
"""

import json
import os
import sys
import threading
from urllib.parse import urlsplit

from scans.engine.child.messages import read_settings
from scans.engine.errors import ScanError
from scans.engine.fetcher import Fetcher
from scans.engine.limits import FetchSettings, Limits

DEADLINE = 20.0
READ_BYTES = 4_096


def answering(urls: list[str], settings: FetchSettings, limits: Limits) -> list[str]:
    """Request all URLs once, in parallel; return those that were answered."""
    answered: list[str] = []

    def request(url: str) -> None:
        if answers(url, settings, limits):
            answered.append(url)

    threads = [threading.Thread(target=request, args=(url,), daemon=True) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(limits.site_deadline + 1)
    return [url for url in urls if url in answered]


def answers(url: str, settings: FetchSettings, limits: Limits) -> bool:
    """Return whether a server responds to a URL, even with an error or redirect."""
    fetcher = Fetcher(settings, limits)
    if port := urlsplit(url).port:
        fetcher.allow_port(port)
    try:
        fetcher.fetch_page(url, max_bytes=READ_BYTES, retries=0, cut_endless=True)
    except ScanError:
        pass  # the records show whether there was a response before the failure
    finally:
        fetcher.close()
    return any(record.status for record in fetcher.receipt)


def main() -> None:
    message = json.loads(sys.stdin.readline())
    settings, _ = read_settings(message)
    limits = Limits(
        connect_timeout=message["connect_timeout"],
        read_timeout=message["read_timeout"],
        site_deadline=DEADLINE,
    )
    print(json.dumps(answering(message["urls"], settings, limits)), flush=True)
    os._exit(0)  # a hanging lookup must not keep the process alive


if __name__ == "__main__":
    main()
