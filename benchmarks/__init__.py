"""Measure ScraperSky beside Scrapy, in one run on one machine: `python -m benchmarks --help`.

Nothing here asserts a time. `parts` measures and prints, `workloads` has the code of measured
processes, and `pages` the pages of the scanned sites.
"""
