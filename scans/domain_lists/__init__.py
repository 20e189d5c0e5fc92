"""Saved lists: named lists of domains that belong to a tenant."""
