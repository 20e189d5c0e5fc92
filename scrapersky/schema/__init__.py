"""Inspect a live database: tables, columns, indexes, rows, and differences from the models."""
