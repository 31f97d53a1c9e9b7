# Everything that is done with this repository. `make` alone lists the targets.

PYTHON ?= python3
V := .venv/bin
PAGE := PYTHON=$(CURDIR)/$(V)/python PIP_CONSTRAINT=$(CURDIR)/constraints.txt sh static/build.sh
PAGE_SOURCES := $(shell find static -name node_modules -prune -o -path static/dist -prune -o -type f -print)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test check page torture llama load bench wheel clean

help: ## lists the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-7s %s\n", $$1, $$2}' Makefile

setup: .venv/.run static/dist/index.html ## makes .venv and the page

run: setup ## serves the page at http://127.0.0.1:8080
	@$(V)/python -m server

test: setup .venv/.test ## runs the tests: Python, the page's units, the page in Chromium and Firefox
	@sh tests/setup_browsers.sh
	$(PAGE) test
	@PYTEST=$(V)/pytest sh tests/run.sh

check: setup .venv/.test ## lint, formatting, strict types, import directions, the page's lint
	$(V)/ruff check . && $(V)/ruff format --check . && $(V)/mypy server persistence tests
	$(V)/pytest -q tests/test_rooms.py
	$(PAGE) check

page: setup .venv/.test ## runs all tests of the page in Chromium and Firefox, the long ones too, in about ten minutes
	@sh tests/setup_browsers.sh
	$(V)/pytest -q -m 'slow or not slow' tests/browser

torture: setup .venv/.test ## 300,000 crash states, 200 killed servers, 10,000 clients that come and go, in 15 minutes
	$(V)/pytest -q -m slow tests/persistence/crash tests/integration/test_kill_loop.py tests/integration/test_churn.py

llama: setup .venv/.llama ## turns with a real model in llama-cpp-python, which is compiled first, in some minutes
	$(V)/pytest -q -m slow tests/integration/test_llama.py

load: setup .venv/.test ## 50 users for 20 s (LOAD_USERS, LOAD_TIME); report in build/load.html
	$(V)/python -m tests.load.run

bench: setup .venv/.bench ## measures ours beside its peers, in about an hour; BENCH=--fast in minutes
	$(V)/python -m tests.bench $(BENCH)

wheel: setup ## builds the wheel into dist/
	rm -rf build/lib build/bdist.* && $(V)/pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## removes all that was made, but never data/
	rm -rf .venv build dist static/dist static/node_modules *.egg-info .*_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.run: setup.cfg setup.py pyproject.toml constraints.txt
	test -x $(V)/python || $(PYTHON) -m venv .venv
	$(V)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

.venv/.test: .venv/.run
	$(V)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@

.venv/.llama: .venv/.test
	CMAKE_ARGS="-DGGML_NATIVE=OFF -DGGML_OPENMP=OFF -DLLAVA_BUILD=OFF" $(V)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,llama]'
	@touch $@

.venv/.bench: .venv/.test
	$(V)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,bench]'
	@touch $@

static/dist/index.html: $(PAGE_SOURCES) | .venv/.run
	$(PAGE)
	@touch $@
