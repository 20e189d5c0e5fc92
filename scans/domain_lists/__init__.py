"""Named lists of domains that a tenant keeps: what is in them, and how that changes."""
