"""Every address and every admin page, requested by everybody who may or may not see it.

The pages come from the URL resolver and the admin site, the expectations from the table of roles
(`scrapersky.tenants.roles`), so a new page is covered without a line here. What it may need is a
sample: a row for its address (`samples.py`) or for its model (`world.py`); the test says which.
"""
