"""Bring the rows of an older ScraperSky into this one: every id, every reference.

`ids` are the rules of ids. `sources` shows the older tables, wherever they are, in one shape; a
module for each table says what becomes of its rows; `conversion` runs them in one transaction,
`verification` compares both sides, `reversal` takes back what the id map says was made.
"""
