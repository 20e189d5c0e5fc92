"""Static files with hashed names and compressed copies, cached indefinitely.

`up` collects them on its first start and after an update. Until then, and in `runserver` and tests,
pages use the files from the repository.
"""

import fcntl
import hashlib
import logging
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage

logger = logging.getLogger(__name__)

# Not used by any page, and takes a second to compress.
UNUSED = ["redoc.*"]


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Serves collected files under hashed names, and others under their own names."""

    def url(self, name: str, force: bool = False) -> str:
        if self.hash_key(self.clean_name(name)) not in self.hashed_files:
            return StaticFilesStorage.url(self, name)
        return str(super().url(name, force=force))


def collect_static_files() -> bool:
    """Collect the static files if they have changed; return whether they had.

    If the folder is not writable, the console serves the repository's files uncompressed.
    """
    root = Path(settings.STATIC_ROOT)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with (root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # several consoles may start from the same checkout
            return _collect_changes(root / "collected-from")
    except OSError as error:
        logger.warning("The static files cannot be collected; pages load more slowly: %s", error)
        return False


def _collect_changes(stamp: Path) -> bool:
    sources = _fingerprint()
    if stamp.exists() and stamp.read_text() == sources:
        return False
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=UNUSED)
    stamp.write_text(sources)
    return True


def _fingerprint() -> str:
    """Return a digest of the names, sizes and modification times of all static files."""
    files = [
        Path(storage.path(name)) for finder in get_finders() for name, storage in finder.list([])
    ]
    digest = hashlib.sha256()
    for file in sorted(files):
        status = file.stat()
        digest.update(f"{file} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
