"""Preload what the first scan would load."""

import gc

from scans.engine.extractors.page import read_page
from scans.engine.hostnames import normalise
from scans.engine.limits import FetchSettings
from scans.engine.page_types import page_type
from scans.engine.session.sockets import tls_context

# Thresholds of the garbage collector: a page creates thousands of objects but no cycles.
LAZY = (20_000, 20, 20)


def warm_up(settings: FetchSettings) -> None:
    """Preload what the first scan would load: suffixes, certificates, signatures."""
    tls_context(settings.ca_file)
    url = f"https://{normalise('example.com')}/contact"
    page_type(url)
    read_page(b"<html><title>Warm</title><p>Call +1 212 555 0100</p></html>", url)
    gc.collect()
    gc.freeze()  # objects loaded so far are permanent, so the collector can skip them
    gc.set_threshold(*LAZY)
