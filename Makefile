# Needs Python 3.11+ and make; everything else comes from the lock files.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test check statistical wheel clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

$(VENV)/runtime: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit("eval-watchdog needs Python 3.11 or newer; set PYTHON=") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/development: requirements-dev.lock $(VENV)/runtime
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# The command as it is installed, but running this checkout, from any folder.
$(BIN)/eval-watchdog: Makefile $(VENV)/runtime
	@printf '%s\n' '#!/bin/sh' 'PYTHONPATH="$(CURDIR)" exec "$(CURDIR)/$(BIN)/python" -P -m eval_watchdog "$$@"' >$@
	@chmod +x $@

demo: $(BIN)/eval-watchdog  ## four weeks of a watched feature in about a minute, and an HTML report
	$(BIN)/eval-watchdog demo

test: $(VENV)/development  ## unit, integration and acceptance tests
	@scripts/system-packages.sh
	$(BIN)/python -m pytest -m "not statistical" -n 2 --dist worksteal

statistical: $(VENV)/development  ## seeded simulations of the promises (minutes)
	$(BIN)/python -m pytest -m statistical

check: $(VENV)/development  ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

wheel: $(VENV)/development  ## the wheel, into dist/
	$(BIN)/python -m hatchling build -t wheel

clean:  ## remove what make made
	rm -rf $(VENV) demo-out dist .pytest_cache .mypy_cache .ruff_cache
