# make demo       train on the bundled names for about a minute, and write 20 new ones
# make test       all tests
# make torture    kill, fill up and damage runs at every point, and print a table (about half an hour; no GPU)
# make lint       the formatter, the linter and the type checker
# make docs       write the generated parts of README.md and charrnn/docs anew
# make golden     write tests/network/golden/torch.npz anew (installs PyTorch)
# make gpu-check  run every check that needs a GPU, and write gpu-check.json (in OUT, if given); PYTHON needs CuPy
# make clean      remove the environment and what was built
# PYTHON=python3.12 names another interpreter, and VENV=DIR another folder for the environment.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
TOO_OLD := charrnn needs Python 3.11 or later; name one, as in: make PYTHON=python3.12

.PHONY: demo test torture lint docs golden gpu-check clean

demo: $(VENV)/installed
	@echo "train    on the bundled names, for one minute (the first run also compiles the kernels)"
	@$(BIN)/charrnn train names --minutes 1 --run runs/demo --force
	@echo
	@echo "sample   20 names from the run runs/demo"
	@$(BIN)/charrnn sample runs/demo --lines 20 --temp 0.8
	@echo
	@echo "next     $(BIN)/charrnn train YOUR_TEXT.txt"

test: $(VENV)/installed-test
	$(BIN)/python -m pytest

torture: $(VENV)/installed-test
	$(BIN)/python -m tests.torture

lint: $(VENV)/installed-lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: $(VENV)/installed-test
	$(BIN)/python -m tests.tools.make_docs

golden: $(VENV)/installed
	$(PIP) 'torch>=2.6'
	$(BIN)/python tests/network/golden/generate.py

gpu-check:
	PYTHONPATH=. $(PYTHON) -m tests.tools.gpu_check.check $(if $(OUT),--output $(OUT)/gpu-check.json)

clean:
	rm -rf $(VENV) build dist

$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(TOO_OLD)" >&2; exit 1; }
	@echo "create   a Python environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@echo "install  charrnn and the packages it needs (about half a minute)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	@echo "install  what the tests need"
	@$(PIP) --editable '.[test]'
	@touch $@

$(VENV)/installed-lint: $(VENV)/installed
	@echo "install  the linter and the type checker"
	@$(PIP) --editable '.[lint]'
	@touch $@
