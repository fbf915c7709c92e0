# Two commands for a newcomer: `make demo` and `make test`. Everything else is for those who build.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PLANT ?= plants/electronics.yaml
WORKERS ?= 2
export REQUIRE_ALL

.PHONY: demo test check proofs format lock pages docs clean

demo: $(VENV)/run.stamp  ## a stand-in factory and its live twin; Ctrl-C ends both
	@$(BIN)/ecotwin demo $(PLANT)

test: $(VENV)/dev.stamp  ## the whole suite; REQUIRE_ALL=1 fails where a program is missing
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "not proof" --doctest-modules -q

check: $(VENV)/dev.stamp  ## format, lint, types, floors, docs, lock
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_lock.py
	$(BIN)/python scripts/figures.py --check
	$(BIN)/python scripts/openapi.py --check
	$(BIN)/python scripts/api_types.py --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir .cache/site

proofs: $(VENV)/dev.stamp  ## the long runs; results go to docs/evidence/
	$(BIN)/python -m pytest -m proof -q -n 0 --timeout 3600

format: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

pages: $(VENV)/run.stamp  ## build the pages again
	$(BIN)/python build_pages.py

lock: $(VENV)/dev.stamp  ## pin versions and hashes anew
	$(BIN)/python scripts/lock.py

docs: $(VENV)/dev.stamp
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir .cache/site

clean:
	rm -rf $(VENV) .cache var src/ecotwin/service/built

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "ecotwin needs Python 3.11 or newer; `$(PYTHON) --version` was found. Say make PYTHON=python3.12 if you have another."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing: install it (Debian: apt-get install python3-venv), then try again."; rm -rf $(VENV); exit 1; }

WEB := $(shell find web -type f -not -path '*/node_modules/*' 2>/dev/null)

$(VENV)/run.stamp: lock/run.txt pyproject.toml build_pages.py $(WEB) | $(VENV)/bin/pip
	$(BIN)/pip install --quiet --require-hashes -r lock/run.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: lock/dev.txt $(VENV)/run.stamp
	$(BIN)/pip install --quiet --require-hashes -r lock/dev.txt
	@touch $@
