# Two commands matter: `make demo` shows the main job from end to end, `make test` checks everything.
# Both need Python 3.11 or later and make, nothing else; what they install goes into .venv, from requirements/*.txt.

PYTHON ?=
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
WORKERS ?= 2
LOCKER := uv==0.13.9

.DEFAULT_GOAL := help
.PHONY: help demo test dev apt format lint types walls unit judges cov docs assets wheel bench lock clean

help:  ## what each target does
	@sed -n 's/^\([a-z]*\):.*## /\1: /p' Makefile | awk -F': ' '{ printf "  make %-8s %s\n", $$1, $$2 }'

demo: $(VENV)/.run  ## create, send, sign, seal and verify examples/protokoll.pdf
	@$(BIN)/signkit demo

test: apt $(VENV)/.test $(VENV)/outside/.tried lint types walls unit  ## everything that must hold before a change lands

dev: $(VENV)/.test  ## an editable install with all tools, in .venv

$(VENV)/.made:
	@bash tools/make-venv.sh $(VENV) $(PYTHON)
	@touch $@

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/.made
	@echo "installing signkit into $(VENV) …"
	@test -e $(VENV)/.test || $(PIP) install --require-hashes --prefer-binary -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/.test: requirements/test.txt pyproject.toml | $(VENV)/.made
	@echo "installing signkit and its tools into $(VENV) …"
	@$(PIP) install --require-hashes --prefer-binary -r requirements/test.txt
	@$(PIP) install --no-deps --no-build-isolation --no-index -e .
	@touch $@ $(VENV)/.run

apt:  # other people's programs, where the machine lets us install them
	@bash tools/apt-test.sh

$(VENV)/outside/.tried: $(wildcard tests/outside/*.go) tests/outside/go.mod tests/outside/go.sum tests/bankid/java/pom.xml tools/outside.sh | $(VENV)/.made
	@bash tools/outside.sh $(VENV)/outside

format: $(VENV)/.test  ## put the code in its form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: $(VENV)/.test  ## ruff: form and rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(VENV)/.test  ## mypy, strict
	@$(BIN)/mypy

walls: $(VENV)/.test  ## import-linter: who may lean on whom
	@$(BIN)/lint-imports --no-cache

unit: $(VENV)/.test  ## pytest
	@$(BIN)/python -Im pytest -n $(WORKERS) --dist loadgroup -q

judges: $(VENV)/.test $(VENV)/outside/.tried  ## only the tests that ask other people's programs
	@$(BIN)/python -Im pytest -n $(WORKERS) -q -m judge

cov: $(VENV)/.test  ## branch coverage
	@$(BIN)/coverage run -m pytest -q
	@$(BIN)/coverage report --skip-covered

docs: $(VENV)/.test  ## regenerate the pages that are made from the program
	@$(BIN)/python tools/make_docs.py

assets: $(VENV)/.test  ## regenerate fonts (needs Debian's fonts-noto-core)
	@$(BIN)/python tools/make_fonts.py

wheel: $(VENV)/.test  ## dist/: sdist, and the wheel built from it
	@$(BIN)/python -m build --no-isolation --outdir dist .

bench: $(VENV)/.test  ## measure, and rewrite the table in docs/performance.md
	@$(BIN)/python -m benchmarks

lock: | $(VENV)/.made  ## write requirements/*.txt anew from pyproject.toml and requirements/*.in
	@bash tools/lock.sh $(BIN)/python "$(LOCKER)"

clean:  ## remove what this file made
	@rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache demo
