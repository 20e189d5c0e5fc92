# ScraperSky. Two commands on a fresh machine: `make demo`, `make run`. Only Python is needed.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --retries 2
# One lock for every platform and for Python 3.11 and later, with a hash for every file.
LOCK := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --custom-compile-command "make lock" $(LOCK_OPTIONS)
# A process that has nothing left takes tests of another, so that none is left with the slow ones.
PYTEST := $(BIN)/python -m pytest -q --dist worksteal
# One process more than there are cores: tests that start clusters and browsers mostly wait.
CORES_AND_ONE = $$($(BIN)/python -c 'import os; print((os.cpu_count() or 1) + 1)')

.PHONY: help install run demo test test-fast lint stylesheet screenshots lock bench chaos
.DEFAULT_GOAL := help

help:  ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 18

install: .venv/.runtime  ## Put the packages into .venv

run: install  ## Start the console, the worker and the schedules
	@exec $(BIN)/python manage.py up

demo: install  ## Scan twelve bundled sites through the real worker, with no internet
	@exec $(BIN)/python -m batches.demo

test: .venv/.development  ## Run every test on SQLite, then on a real PostgreSQL
	$(PYTEST) -n $(CORES_AND_ONE)
	$(PYTEST) -n auto --ds=tests.settings_postgres

test-fast: .venv/.development  ## Run the quick tests, in about a minute: SQLite, nothing slow
	$(PYTEST) -n auto --fast

lint: .venv/.development  ## Check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy .

stylesheet: .venv/.development  ## Copy from Tabler's stylesheet what the pages use
	$(BIN)/python -m scrapersky.stylesheet

screenshots: .venv/.development  ## Take the images of README and docs from the demo
	$(BIN)/python -m tests.screenshots

lock: .venv/.development  ## Write the lock files again, after a change of requirements*.txt
	$(LOCK) requirements.txt --output-file requirements.lock
	$(LOCK) requirements-dev.txt --constraints requirements.lock --output-file requirements-dev.lock

bench: .venv/.development  ## Measure the speed, beside Scrapy in the same run
	@exec $(BIN)/python -m benchmarks $(PARTS) $(if $(SITES),--sites $(SITES)) $(if $(PAGES),--pages '$(PAGES)') $(if $(KEEP),--keep '$(KEEP)')

chaos: .venv/.development  ## Kill and stop everything while batches run, and audit the counters
	@exec $(BIN)/python -m tests.chaos $(SCENARIOS)

.venv/.created:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "$(PYTHON) was not found: install Python 3.11 or later, or name one with PYTHON=/path/to/python3." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "ScraperSky needs Python 3.11 or later and $(PYTHON) is $$($(PYTHON) -V 2>&1): name another with PYTHON=/path/to/python3." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments: install its venv module (Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.runtime: requirements.lock .venv/.created
	@$(call packages,requirements.lock)

.venv/.development: requirements-dev.lock .venv/.created
	@$(call packages,requirements-dev.lock)
	@touch .venv/.runtime

# pip's output goes to a file: without a network it is pages long.
define packages
echo "Installing the packages of $(1) into .venv (a minute or two the first time) ..."; \
$(PIP) --require-hashes -r $(1) >.venv/install.log 2>&1 || { \
  echo "The packages of $(1) could not be installed: is there a network and a package index? pip's output is in .venv/install.log." >&2; exit 1; }; \
touch $@
endef
