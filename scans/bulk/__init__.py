"""Bulk actions: apply an operation to any number of selected rows of a list."""
