"""What a live database holds: its tables, columns, indexes and rows, and how they differ from the
models."""
