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
