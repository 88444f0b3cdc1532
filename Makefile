# Everything a developer runs; needs Python >= 3.11 and make, nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test lint types tests docs bench format schemas clean

demo: $(VENV)/.installed  ## apply specs/ to the local target and run its scenarios
	$(BIN)/orch apply specs/ --yes
	$(BIN)/orch test specs/

test: lint types tests  ## what CI runs

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.dev
	$(BIN)/mypy

tests: $(VENV)/.dev
	$(BIN)/pytest -n auto

docs: $(VENV)/.installed  ## write the generated parts of README.md and docs/
	$(BIN)/python docs/blocks.py

bench: $(VENV)/.installed  ## ratios within one run: against `import openai`, against what the wire, git and SQLite cost
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.creates
	$(BIN)/python -m benchmarks.sync
	$(BIN)/python -m benchmarks.search
	$(BIN)/python -m benchmarks.conversations

format: $(VENV)/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

schemas: $(VENV)/.installed  ## write schemas/ from the models
	$(BIN)/orch schema --write schemas/

clean:
	rm -rf $(VENV) build dist specs/.orch tests/node/node_modules

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'  # the first that knows --group
	$(BIN)/python -m pip install --quiet --editable ".[interpreter,documents,embeddings]"
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group dev
	touch $@
