"""Bring the rows of an older ScraperSky into this one: every id, every reference.

`ids` holds the rules of ids. `sources` presents the older tables in one shape. Each table has a
module that converts its rows. `conversion` runs them in one transaction, `verification` compares
both sides, and `reversal` removes what the id map says a conversion created.
"""
