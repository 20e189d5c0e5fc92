"""Importing the engine does not import Django."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module", ["scans.engine", "scans.engine.scanner", "scans.engine.child.__main__"]
)
def test_the_engine_imports_no_django(module: str) -> None:
    code = f"import sys, {module}; print('django' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env={}
    )
    assert done.stdout == "False\n"


def test_naming_a_failure_loads_no_parser() -> None:
    code = "import sys, scans.engine; print('requests' in sys.modules, 'selectolax' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env={}
    )
    assert done.stdout == "False False\n"


UNLOADED = """
import functools, gc, inspect
import scans.engine.child.jobs
from scans.engine.child.warm_up import warm_up
from scans.engine.limits import FetchSettings

warm_up(FetchSettings())
gc.unfreeze()
for function in gc.get_objects():
    if isinstance(function, functools._lru_cache_wrapper):
        is_ours = function.__module__.startswith("scans.engine.")
        if is_ours and not inspect.signature(function).parameters:
            if not function.cache_info().currsize:
                print(function.__module__, function.__qualname__)
"""


def test_a_scanning_process_has_loaded_every_table_before_its_first_scan() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNLOADED], check=True, capture_output=True, text=True, env={}
    )
    assert done.stdout == ""
