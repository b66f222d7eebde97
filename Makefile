# Everything that is done with Tocsin. `make` alone lists it; every target first sets up what it needs.
.DEFAULT_GOAL := list
.PHONY: list install demo test check bench proof schema

BIN := .venv/bin
# The only bounds outside pyproject.toml: the installer's, which reads the lock, and Python's, which runs the installer.
UV_RANGE := uv>=0.9,<1
PYTHON_RANGE := (3, 11) <= sys.version_info[:2] < (3, 15)
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11 python
LICENCES := Apache;BSD;MIT;ISC;MPL;Mozilla Public License;PSF;Python Software Foundation;Unlicense;LGPL

# Tests wait as often as they compute, for carriers, browsers and clocks: one worker more than there are cores, at most
# eight. Files go out as they are collected, the long ones first, so that none is left alone at the end.
WORKERS = $(shell $(BIN)/python -c 'import os; print(min((os.cpu_count() or 1) + 1, 8))')

# What a shell may have set for another project must not move this one's environment, nor link it to a cache.
export UV_PROJECT_ENVIRONMENT := .venv
export UV_LINK_MODE := copy
# Nor may every process compile our sources anew.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

# Set only where a recipe needs it. Names may be shims that start nothing, so each is tried.
PYTHON = $(shell for name in $(PYTHONS); do \
	$$name -c 'import sys; sys.exit(print(sys.executable) if $(PYTHON_RANGE) else 1)' 2>/dev/null && break; done)
UV = $(shell uv --version >/dev/null 2>&1 && echo uv || echo $(BIN)/uv)

list: ## List these targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1@\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F@ '{ printf "%-16s%s\n", $$1, $$2 }'

install: .venv/.installed ## Build .venv from the lock, and the console; Python 3.11 or newer is all it needs
	@$(BIN)/python console/build.py

.venv/.installed: uv.lock pyproject.toml
	@python="$(PYTHON)"; uv="$(UV)"; \
	if [ -z "$$python" ]; then \
		echo "Tocsin needs Python 3.11 to 3.14 on the PATH; install one and run make again." >&2; exit 1; fi; \
	groups=""; "$$python" console/build.py --has-node || groups="--group node"; \
	if [ "$$uv" = uv ]; then \
		exec uv sync --locked --quiet --compile-bytecode $$groups --python "$$python"; fi; \
	if [ ! -x $(BIN)/uv ]; then \
		if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
			echo "$$python can't make environments; install its venv module (Debian: apt-get install python3-venv) or uv." >&2; exit 1; fi; \
		"$$python" -m venv --clear .venv && $(BIN)/python -m pip install --quiet --disable-pip-version-check "$(UV_RANGE)"; fi && \
	$(BIN)/uv sync --locked --quiet --compile-bytecode $$groups --python $(BIN)/python
	@touch $@

demo: install ## Start everything on this machine, send a drill to a made-up town and watch it live
	@$(BIN)/tocsin demo

test: install ## Run every test, with the services that they need
	@$(BIN)/python tests/console/browsers.py
	@$(BIN)/python console/build.py npm test
	@$(BIN)/pytest -m "not proof" -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: install ## Lint, types, import rules, schema, migrations, licences and lock: everything up to date
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/tocsin migrate --check
	@$(BIN)/tocsin schema --check
	@$(BIN)/pip-licenses --partial-match --allow-only="$(LICENCES)" >/dev/null
	@$(BIN)/python console/build.py npm check
	@$(UV) lock --check --quiet --python $(BIN)/python || { echo "uv.lock does not fit pyproject.toml; run uv lock." >&2; exit 1; }

bench: install ## Measure against the naive ways and against Node's servers, and write bench/RESULTS.md
	@$(BIN)/python bench/everything.py

proof: install ## Run the long forms of the tests
	@$(BIN)/pytest -m proof

schema: install ## Write schema.graphql from the code
	@$(BIN)/tocsin schema
