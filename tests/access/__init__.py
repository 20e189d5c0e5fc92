"""Every URL and admin page, requested by users of every kind.

Pages come from the URL resolver and the admin site, expectations from the table of roles
(`scrapersky.tenants.roles`), so new pages are covered automatically. They may need a sample: a row
for the URL (`samples.py`) or the model (`world.py`); the test says which.
"""
