# make demo    train on the bundled names for about a minute, and write 20 new ones
# make test    all tests
# make readme  write the tables of results and the command reference in README.md anew
# make golden  write tests/network/golden/torch.npz anew (needs torch)
# make lint    the formatter, the linter and the type checker
# make gpu-check  all that only a GPU can tell, from the checkout as it is, into gpu-check.json (in OUT); PYTHON needs CuPy

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test readme golden lint gpu-check clean

demo: $(VENV)/installed
	$(BIN)/charrnn train names --minutes 1 --run runs/demo --force
	@echo
	$(BIN)/charrnn sample runs/demo --lines 20 --temp 0.8

test: $(VENV)/installed-test
	$(BIN)/python -m pytest

readme: $(VENV)/installed-test
	$(BIN)/python -m tests.tools.make_docs

golden: $(VENV)/installed
	$(BIN)/python -m pip install --quiet 'torch>=2.6'
	$(BIN)/python tests/network/golden/generate.py

lint: $(VENV)/installed-lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

gpu-check:
	PYTHONPATH=. $(PYTHON) -m tests.tools.gpu_check.check $(if $(OUT),--output $(OUT)/gpu-check.json)

clean:
	rm -rf $(VENV) build dist

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

$(VENV)/installed-lint: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[lint]'
	touch $@
