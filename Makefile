# The front door. `make` alone lists what there is.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PY := .venv/bin/python
# What ruff and the laws look at; mypy has its list in pyproject.toml.
CODE := src tools tests bench

.PHONY: help setup assets browser validator demo check test test-dialects fuzz format golden bench docs clean

help: ## list the recipes
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s  %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: assets ## make .venv with everything in it, and the web assets (PYTHON=... picks the interpreter)
	@tools/setup/venv.sh

assets: ## build what the web pages load, from web/
	@tools/setup/assets.sh

browser: ## make sure there is a Chromium for the tests of the web pages
	@tools/setup/browser.sh

validator: ## make sure there is the official FOCUS validator, for the tests of what is exported
	@tools/setup/validator.sh

demo: setup ## build an invented company and show it (ARGS=--no-serve prints the answer and ends)
	@.venv/bin/outlay demo $(ARGS)

check: setup ## form, types, layers and laws, without running the tests
	$(PY) -m ruff format --check $(CODE)
	$(PY) -m ruff check $(CODE)
	$(PY) -m mypy
	.venv/bin/lint-imports --no-logo
	$(PY) -m tools.laws

test: check browser validator ## everything: setup, check, then all tests in random order (ARGS=... goes to pytest)
	$(PY) -m pytest -n 2 $(ARGS)

test-dialects: setup ## play the real libraries whose recordings are stale (ALL=1 all, NAME=... one; RECORD=1 records)
	$(PY) -m tests.dialects.playing $(NAME)

fuzz: setup ## look for input that breaks a parser, or the API (SECONDS=600 in all; NAME=row looks at one)
	$(PY) -m tests.fuzz $(NAME) $(or $(SECONDS),60)

format: setup ## write code in the one form, and mend what can be mended
	$(PY) -m ruff format $(CODE)
	$(PY) -m ruff check --fix $(CODE)

# The tests of the room write what they now find; tools/golden.py says when that is refused.
golden: setup ## write the expectations of cases (NAME=bills/focus or deeper; FORCE=1 overwrites)
	@[[ -n "$(NAME)" ]] || { echo "golden: which cases? Fix: make golden NAME=bills/focus" >&2; exit 2; }
	@GOLDEN="$(NAME)" FORCE="$(FORCE)" $(PY) -m pytest -q $(or $(wildcard tests/$(firstword $(subst /, ,$(NAME)))),tests)

bench: setup ## measure (NAME=import_time runs one)
	@for script in bench/$(or $(NAME),*).py; do echo "# $$script"; $(PY) "$$script"; done

docs: setup ## write the generated pages anew
	$(PY) -m tools.data_model
	$(PY) -m tools.cli_docs

clean: ## remove what the recipes made
	rm -rf .cache .venv web/node_modules src/outlay/serve/web/static/vendor build dist
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
