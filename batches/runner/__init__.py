"""Work through the jobs of all batches: claim, scan in child processes, write in bulk."""
