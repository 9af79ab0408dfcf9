# DeskDrill. `make run` tries it, `make test` checks it; `make help` lists the rest.
# Needs Python 3.11 or newer and make. Everything is installed into .venv, in this folder, and nowhere else.

SHELL := /bin/sh
PYTHON ?=
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/installed
CODE := policy simulator scenarios grading tui deskdrill tests benchmarks docs

# The stamp holds the folder it was made in: an environment does not survive being moved.
$(shell [ ! -f $(STAMP) ] || [ "$$(cat $(STAMP))" = "$$(pwd)" ] || rm -f $(STAMP))

.PHONY: run test proof check docs clean help
.DEFAULT_GOAL := help

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

run: $(STAMP) ## Open DeskDrill; without a terminal, give the same tour as text
	@$(PY) -m deskdrill

test: check ## Everything below `check`, then the tests
	@$(PY) -m pytest -q -n auto --dist loadfile

proof: $(STAMP) ## The tests that take minutes, of which `test` runs a short form
	@$(PY) -m pytest -q -n auto -m heavy

check: $(STAMP) ## Style, types and the arrows between the rooms
	@$(PY) -m ruff check $(wildcard $(CODE))
	@$(PY) -m mypy
	@$(PY) -c 'from importlinter.cli import lint_imports_command as run; run()' --no-cache

docs: $(STAMP) ## Renew the output shown in README.md and docs/
	@$(PY) docs/renew.py

clean: ## Remove the environment and what tools have left behind
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The stamp is written last. If an installation is interrupted there is no stamp, and the next call begins afresh.
$(STAMP): pyproject.toml constraints.txt
	@found=''; \
	for name in "$(PYTHON)" python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  [ -n "$$name" ] || continue; \
	  if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found="$$name"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo 'DeskDrill needs Python 3.11 or newer, and none was found. Install one, or name it: make run PYTHON=/path/to/python3.12' >&2; \
	  exit 1; \
	fi; \
	echo "Installing into $(VENV) (once; about a minute) ..." >&2; \
	rm -f $(STAMP); \
	"$$found" -m venv --clear $(VENV) || { \
	  echo "$$found could not make an environment; on Debian and Ubuntu the package python3-venv is needed." >&2; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt hatchling editables >&2
	@$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[dev]' >&2
	@pwd > $(STAMP)
