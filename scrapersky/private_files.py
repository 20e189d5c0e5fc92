"""Restrict ScraperSky's files to the user that runs it, regardless of the umask."""

import os
import stat
import warnings
from pathlib import Path

OWNER_ONLY = 0o700
# Suffixes of the files that SQLite writes next to a database.
SQLITE_SUFFIXES = ("", "-wal", "-shm", "-journal")


def create_private_files_only() -> None:
    """Make files created by this process and its children unreadable for other users."""
    os.umask(0o077)


def make_tree_private(root: Path) -> None:
    """Remove other users' permissions from a directory and its contents, if it exists.

    Owner permissions are kept: 0644 becomes 0600, 0755 becomes 0700. Links are not followed.
    """
    make_private(root)
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            make_private(Path(folder, name))


def make_database_private(database: Path) -> None:
    """Remove other users' permissions from a SQLite database and its companion files."""
    for suffix in SQLITE_SUFFIXES:
        make_private(Path(f"{database.resolve()}{suffix}"))


def make_private(path: Path, keep: int = OWNER_ONLY) -> None:
    """Reduce a file's mode to the bits in `keep`; warn if that is not allowed."""
    try:
        mode = path.lstat().st_mode
        allowed = stat.S_IMODE(mode) & keep
        if not stat.S_ISLNK(mode) and allowed != stat.S_IMODE(mode):
            path.chmod(allowed)
    except FileNotFoundError:
        return  # SQLite removes its files while others work
    except OSError as error:
        warnings.warn(
            f"{path} is open to other users and its mode cannot be changed ({error.strerror}):"
            " run chmod as its owner.",
            RuntimeWarning,
            stacklevel=2,
        )
