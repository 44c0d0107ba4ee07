# `make run` and `make test` do all the set-up themselves; a fresh machine needs Python 3.11 or newer, make and a C compiler.
PYTHON ?= python3
VENV := .venv
# Many tests wait for servers; two at a time fill two processors, and need some 4 GB of memory.
SPREAD := -n 2 --dist loadfile
BIN := $(VENV)/bin
PIPENV := VIRTUAL_ENV=$(CURDIR)/$(VENV) PIPENV_VERBOSITY=-1 PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/pipenv

.PHONY: help run test test-fast lint format bench clean

help:  ## Show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.run  ## Set everything up and serve on port 5000
	$(BIN)/embedding-explorer serve $(ARGS)

test: $(VENV)/.dev  ## Set everything up and run the whole suite
	@sh tests/system-packages.sh
	$(BIN)/python -m pytest $(SPREAD) $(ARGS)

test-fast: $(VENV)/.dev  ## The suite without its slow part
	@sh tests/system-packages.sh
	$(BIN)/python -m pytest $(SPREAD) -m "not slow" $(ARGS)

lint: $(VENV)/.dev  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev  ## Let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev  ## Print the figures of the README's performance table (see there)
	$(BIN)/python -m benchmarks $(ARGS)

clean:  ## Remove the virtual environment
	rm -rf $(VENV)

$(BIN)/pipenv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check pipenv==2026.10.3

$(VENV)/.run: $(BIN)/pipenv Pipfile pyproject.toml
	$(PIPENV) install --skip-lock
	@$(BIN)/python -m compileall -q src  # the first start would do it
	@touch $@

$(VENV)/.dev: $(BIN)/pipenv Pipfile pyproject.toml
	$(PIPENV) install --dev --skip-lock
	@touch $@ $(VENV)/.run
