"""The HTTP API of batches and jobs."""
