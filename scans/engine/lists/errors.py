"""Errors of reading a list."""


class UnreadableFile(ValueError):  # noqa: N818 (a name that reads as what it says)
    """A file that cannot be read as a list, with a message for the user."""


class ListTooLong(UnreadableFile):
    """A list that exceeds a limit and is not read further."""
