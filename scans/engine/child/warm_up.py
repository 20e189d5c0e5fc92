"""Preload what the first scan would load."""

import gc

from scans.engine.extractors.page import read_page
from scans.engine.hostnames import normalise
from scans.engine.limits import FetchSettings
from scans.engine.page_types import page_type
from scans.engine.session.sockets import tls_context
from scans.engine.verdict import judge

# A page with something for each extractor that loads a table when it is first needed.
PAGE = b"""<!DOCTYPE html><html><title>Warm</title>
<p>Call +1 212 555 0100, item no. 212 555 0100, or write to info@warm.de or john.doe@email.com</p>
<p>Dr. Anna Warm, Managing Director, anna@warm.de</p>
<p>Vertreten durch den Gesch&auml;ftsf&uuml;hrer:<br>Max Warm</p>
<p>Unser Hoster: Warm GmbH<br>Hauptstr. 1<br>10115 Berlin</p>
<div itemprop="address"><i itemprop="streetAddress">Hauptstr. 1</i>
<i itemprop="postalCode">10115</i>
<i itemprop="addressLocality">Berlin</i> <i itemprop="addressCountry">DEU</i></div>
<a href="https://www.facebook.com/warm">Facebook</a></html>"""
# Thresholds of the garbage collector: a page creates thousands of objects but no cycles.
LAZY = (20_000, 20, 20)


def warm_up(settings: FetchSettings) -> None:
    """Preload what the first scan would load: suffixes, certificates, signatures, rules.

    Scans start many at a time, and each would load it anew.
    """
    tls_context(settings.ca_file)
    url = f"https://{normalise('example.com')}/contact"
    page_type(url)
    page = read_page(PAGE, url, person_names=True)
    judge(page, status=200, requested_host="example.com", final_url=url)
    gc.collect()
    gc.freeze()  # objects loaded so far are permanent, so the collector can skip them
    gc.set_threshold(*LAZY)
