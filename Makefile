# Everything a fresh machine needs: Python 3.11, make, and this file.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TEST_STAMP := $(VENV)/.installed-for-tests

.PHONY: serve test test-browser lint types build clean

## start the service on http://127.0.0.1:8000 (the open edition is built first)
serve: $(STAMP)
	$(BIN)/ccgraph serve

## lint, types and every test that needs no browser
test: lint types
	$(BIN)/pytest -m "not browser"

## the tests in a headless browser; needs Debian's chromium and chromium-driver
test-browser: $(TEST_STAMP)
	$(BIN)/pytest -m browser tests/browser

lint: $(TEST_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(TEST_STAMP)
	$(BIN)/mypy

## sdist and wheel
build: $(TEST_STAMP)
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) build dist

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --upgrade "pip>=25.1"

$(STAMP): $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

# torch first and pinned: anything else would bring gigabytes of another build
$(TEST_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --editable ".[sentence-transformers]" --group dev
	touch $@
