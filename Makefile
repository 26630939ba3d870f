# `make run` and `make test` do everything from a bare checkout. What is there already is not done again.
#
#   make run TORCH=cu130       another build of torch: cpu (default), pypi, or a backend of uv's (cu130, rocm6.4, …)
#   make run PYTHON=python3.12 another interpreter (3.11 to 3.13) for a new environment
#   make test ARGS="-k torch"  some of the tests

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet

# Once chosen, a build of torch stays until another is asked for.
TORCH ?= $(or $(shell cat $(VENV)/torch-choice 2>/dev/null),cpu)
TORCH_REQUIREMENT := $(shell sed -n 's/.*"\(torch==[0-9.]*\)".*/\1/p' pyproject.toml)

# A stamp carries the checksum of the lock that it stands for: a changed lock, not a touched one, installs again.
sum = $(shell cksum $(1) | cut -d ' ' -f 1)
TORCH_STAMP = $(VENV)/installed-$(TORCH)-$(TORCH_REQUIREMENT)
RUN_STAMP := $(VENV)/installed-run-$(call sum,requirements.lock)
TEST_STAMP := $(VENV)/installed-test-$(call sum,requirements-test.lock)
AXE := tests/browser/node_modules/axe-core/axe.min.js

.PHONY: help run test lint lock clean index screenshots install install-test browser system-packages llm
.DEFAULT_GOAL := help

help:
	@echo "make run          the chat window in a browser (installs what it needs, builds the index)"
	@echo "make test         the linters, the type checker and every test"
	@echo "make lint         the linters and the type checker alone"
	@echo "make index        build or refresh the index"
	@echo "make llm          packages for answers by a language model (OpenAI-compatible, Ollama)"
	@echo "make screenshots  the window, drawn by a headless browser"
	@echo "make lock         solve the dependencies again (UPGRADE=1: to the newest releases)"
	@echo "make clean        remove the environment, the index and the caches"

run: install
	@$(PY) app.py --open

index: install
	@$(PY) -m index build

test: install-test browser lint
	$(PY) -m pytest $(ARGS)

lint: install-test
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

screenshots: install-test browser
	$(PY) -m tests.browser.screenshots

# --- The environment ---------------------------------------------------------------------------------------------

# The first interpreter that is in range and really runs: a version manager's stand-in may be there and fail.
IN_RANGE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

$(PY):
	@for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
	    if "$$python" -c '$(IN_RANGE)' >/dev/null 2>&1; then \
	        echo "Making $(VENV) with $$("$$python" --version)"; \
	        "$$python" -m venv --clear $(VENV) && exit 0; \
	        rm -rf $(VENV); exit 1; \
	    fi; \
	done; \
	echo "Python 3.11 to 3.13 with its venv module is needed, and $(or $(PYTHON),python3) is not that." \
	     "Install it (Debian, Ubuntu: apt install python3-venv), or name one: make run PYTHON=/path/to/python3.12" >&2; \
	exit 1

# pip goes first: before 23.3 it downloads a whole build of torch only to tell which it is.
$(TORCH_STAMP): | $(PY)
	@echo "Installing $(TORCH_REQUIREMENT) ($(TORCH)); the first time this takes minutes"
	@$(PIP) install --upgrade --constraint requirements-test.lock pip
	@$(PY) setup/install_torch.py $(TORCH_REQUIREMENT) --choice $(TORCH) --constraint requirements-test.lock
	@rm -f $(VENV)/installed-*-torch==*
	@echo $(TORCH) > $(VENV)/torch-choice
	@touch $@

$(RUN_STAMP): | $(TORCH_STAMP)
	@echo "Installing $$(grep -c == requirements.lock) packages from requirements.lock"
	@$(PIP) install --no-deps --requirement requirements.lock
	@touch $@

$(TEST_STAMP): | $(RUN_STAMP)
	@echo "Installing what the tests need from requirements-test.lock"
	@$(PIP) install --no-deps --requirement requirements-test.lock
	@touch $@

install: $(TORCH_STAMP) $(RUN_STAMP)

install-test: install $(TEST_STAMP)

llm: install
	@$(PIP) install --constraint requirements-test.lock langchain-openai langchain-ollama

# --- The browser tests -------------------------------------------------------------------------------------------

# A browser, Chinese letters to draw, and npm for axe-core: installed only where missing.
browser: $(AXE)

system-packages:
	@missing=""; \
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
	    || [ -d "/Applications/Google Chrome.app" ] || missing="$$missing chromium"; \
	[ "$$(uname)" = Darwin ] || [ -n "$$(fc-list :lang=zh-cn 2>/dev/null | head -n 1)" ] \
	    || missing="$$missing fonts-noto-cjk fontconfig"; \
	command -v npm >/dev/null || [ -e $(AXE) ] || missing="$$missing npm"; \
	[ -n "$$missing" ] || exit 0; \
	sudo=""; [ "$$(id -u)" = 0 ] || sudo="sudo"; \
	if command -v apt-get >/dev/null && { [ -z "$$sudo" ] || command -v sudo >/dev/null; }; then \
	    echo "Installing$$missing"; \
	    $$sudo apt-get -qq update \
	    && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends $$missing \
	        >/dev/null && exit 0; \
	fi; \
	echo "The browser tests need:$$missing. Install them, then run make test again." >&2; exit 1

$(AXE): tests/browser/package-lock.json | system-packages
	@npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# --- Upkeep ------------------------------------------------------------------------------------------------------

# Names and versions only, for Python 3.11 to 3.13 on Linux and macOS; see [tool.uv] in pyproject.toml.
COMPILE = $(PY) -m uv --quiet pip compile pyproject.toml --universal --python-version 3.11 --no-header --no-annotate \
    --no-emit-package torch $(if $(UPGRADE),--upgrade)

lock: $(PY)
	@$(PIP) install uv
	@$(COMPILE) --output-file requirements.lock
	@$(COMPILE) --extra test --constraint requirements.lock --output-file requirements-test.lock

clean:
	rm -rf $(VENV) .index .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis \
	    tests/browser/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
