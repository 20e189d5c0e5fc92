"""The promises of the batch engine, kept under fire: real clusters, real sites, real kills."""
