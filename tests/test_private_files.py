"""Other users of the machine cannot read what ScraperSky stores, whatever the umask."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scrapersky import env
from scrapersky.private_files import make_database_private, make_private, make_tree_private

BASE = Path(__file__).resolve().parent.parent
DATABASE = "scrapersky.sqlite3"


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project, whose var/ is its own."""
    copy = tmp_path_factory.mktemp("checkout")
    for folder in ("scrapersky", "batches", "scans", "templates"):
        skip = shutil.ignore_patterns("tests", "__pycache__")
        shutil.copytree(BASE / folder, copy / folder, ignore=skip)
    shutil.copy(BASE / "manage.py", copy)
    manage(copy, "migrate", "--verbosity", "0")
    return copy


def manage(code: Path, *arguments: str) -> None:
    """Run manage.py of a copy under the most permissive umask."""
    subprocess.run(
        [sys.executable, str(code / "manage.py"), *arguments],
        cwd=code,
        env={"PATH": os.environ["PATH"], "ENV_FILE": "", "HTTPS": "false"},
        umask=0,
        check=True,
        capture_output=True,
    )


@pytest.fixture
def in_use(code: Path) -> Iterator[Path]:
    """Return a var/ whose database is open, so that SQLite's own files are there."""
    var = code / "var"
    with closing(sqlite3.connect(var / DATABASE, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS opened (id integer)")
        connection.execute("INSERT INTO opened VALUES (1)")
        yield var


def world_readable(path: Path) -> Path:
    path.touch()
    path.chmod(0o644)
    return path


def modes(root: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.lstat().st_mode) for path in [root, *root.rglob("*")]}


def test_everything_in_var_is_created_for_its_owner_alone(in_use: Path) -> None:
    files = {DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", "secret_key"}
    assert modes(in_use) == {"var": 0o700, **dict.fromkeys(files, 0o600)}


@pytest.mark.parametrize("command", [("check",), ("showmigrations",), ("qcluster", "--help")])
def test_any_command_makes_an_existing_installation_private(
    code: Path, in_use: Path, command: tuple[str, ...]
) -> None:
    log = in_use / "logs" / "worker.log"
    log.parent.mkdir(exist_ok=True)
    world_readable(log)
    for path in [in_use, *in_use.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    manage(code, *command)
    after = modes(in_use)
    assert len(after) == 7
    assert {name: mode for name, mode in after.items() if mode & 0o077} == {}


def test_a_database_elsewhere_is_private_and_its_directory_is_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    real = tmp_path / "real.sqlite3"
    link = tmp_path / "data.sqlite3"
    link.symlink_to(real)
    for suffix in ("", "-wal", "-shm", "-journal"):
        world_readable(Path(f"{real}{suffix}"))
    make_database_private(link)
    assert modes(tmp_path).pop(tmp_path.name) == 0o755
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_link_out_of_the_tree_is_not_followed(tmp_path: Path) -> None:
    outside = world_readable(tmp_path / "outside")
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "link").symlink_to(outside)
    make_tree_private(tmp_path / "var")
    assert outside.stat().st_mode & 0o777 == 0o644


def test_an_env_file_is_closed_to_others_and_stays_open_to_its_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = world_readable(tmp_path / ".env")
    monkeypatch.setenv("ENV_FILE", str(file))
    env.load_env_file(tmp_path / "unused")
    assert file.stat().st_mode & 0o777 == 0o640


def test_what_does_not_exist_is_left_alone(tmp_path: Path) -> None:
    make_tree_private(tmp_path / "var")
    assert not (tmp_path / "var").exists()


def test_a_mode_that_cannot_be_changed_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    file = world_readable(tmp_path / "secret_key")
    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.warns(RuntimeWarning, match="secret_key is open to other users"):
        make_private(file)
