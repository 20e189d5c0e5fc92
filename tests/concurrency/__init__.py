"""The guarantees of the batch engine under stress: real clusters, real sites, real kills."""
