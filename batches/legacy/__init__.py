"""Import the rows of an older ScraperSky, with every id and every reference.

`ids` defines how ids are converted. `sources` presents the older tables in one shape. Each table
has a module that converts its rows. `conversion` runs them in one transaction, `verification`
compares both sides, and `reversal` removes the rows that a conversion created, using the id map.
"""
