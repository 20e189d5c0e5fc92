"""Measure ScraperSky beside Scrapy, in one run on one machine: `python -m benchmarks --help`.

Nothing here asserts a time. `parts` holds what is measured and printed, `workloads` what each
measured process runs, `pages` the pages of the sites that are scanned.
"""
