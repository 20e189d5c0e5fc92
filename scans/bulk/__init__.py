"""Bulk actions: do something to every selected row of a list, however many there are."""
