# Needs Python 3.11+ and make; everything else comes from the lock files.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test check statistical acceptance clean

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

demo: $(VENV)/runtime  ## four weeks of a watched feature in about a minute, and an HTML report
	$(BIN)/python -m eval_watchdog demo

test: $(VENV)/development  ## unit, integration and acceptance tests
	@scripts/system-packages.sh
	$(BIN)/python -m pytest -m "not statistical" -n 2

statistical: $(VENV)/development  ## seeded simulations of the promises (minutes)
	$(BIN)/python -m pytest -m statistical

check: $(VENV)/development  ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:  ## remove what make made
	rm -rf $(VENV) demo-out .pytest_cache .mypy_cache .ruff_cache
