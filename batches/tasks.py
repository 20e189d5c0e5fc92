"""What the queue runs; each task is thin and safe to run twice."""

from batches.runner import recovery, shift


def run_shift() -> str:
    """Scan until there is nothing to do; return a sentence for the queue's list of tasks."""
    return shift.run_shift()


def keep_minute() -> None:
    """Do the minute's housekeeping."""
    recovery.keep()
