"""Write the console's copy of Tabler: `python -m scrapersky.stylesheet`."""

from scrapersky.stylesheet.build import COPY, stylesheet

COPY.write_text(stylesheet(), encoding="utf-8")
