# Everything that is done with Tocsin. `make` alone lists it; every target sets up what it needs.
.DEFAULT_GOAL := list
.PHONY: list install demo test check bench proof schema

BIN := .venv/bin
UV_RANGE := uv>=0.9,<1
PYTHON := $(shell for name in python3.14 python3.13 python3.12 python3.11 python3; do \
	command -v $$name >/dev/null 2>&1 && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { command -v $$name; break; }; done)

list: ## List these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

install: .venv/.installed ## Build .venv from the lock; nothing but Python 3.11 or newer is needed

.venv/.installed: uv.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; install it and try again."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -c 'import uv' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check "$(UV_RANGE)"
	@UV_PROJECT_ENVIRONMENT=.venv $(BIN)/python -m uv sync --locked --inexact --quiet
	@touch $@

demo: install ## Send a drill to 2,000 citizens of a made-up town and watch it live
	@$(BIN)/tocsin demo

test: install ## Run every test, with the services that they need
	@$(BIN)/pytest -m "not proof" -n 2 --dist loadfile

check: install ## Lint, types, import rules, schema and migrations up to date, licences
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/tocsin migrate --check
	@$(BIN)/tocsin schema --check

bench: install ## Measure against the naive ways, as ratios within one run
	@for file in bench/*.py; do $(BIN)/python $$file || exit 1; done

proof: install ## Run the long forms of the tests
	@$(BIN)/pytest -m proof

schema: install ## Write schema.graphql from the code
	@$(BIN)/tocsin schema
