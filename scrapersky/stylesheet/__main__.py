"""Write the console's subset of Tabler: `python -m scrapersky.stylesheet`."""

from scrapersky.stylesheet.build import COPY, stylesheet

COPY.write_text(stylesheet(), encoding="utf-8")
