# Every target sets up .venv by itself on a fresh machine and is quick when it is there already.
#   make demo    sample jobs -> lake -> tables -> report, on this machine, no AWS
#   make test    the whole test suite
#   make athena  every model, test and question on Athena's engine (Java 17 and Maven)
#   make check   style, types and house rules
#   make bench   the measurements of docs/benchmarks.md, at a smaller size
#   make docs    write docs/data_dictionary.md and the structure of expectations/ from the declarations
#   make lock    resolve requirements.lock anew (after changing pyproject.toml or requirements.in)
#   make wheel   build the wheel into dist/

PYTHON   ?= python3
EXAMPLES ?= 2000
ROWS     ?= 20000
VENV     := .venv
BIN      := $(VENV)/bin
READY    := $(VENV)/.ready

# Where this is set, every start of Python compiles its libraries again: seconds each time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test athena check bench docs lock wheel clean
.DELETE_ON_ERROR:

# The lock carries uv itself: it is installed by pip with its hashes checked, and then installs
# everything else, hashes checked, in a few seconds. The package is editable, without dependencies.
$(READY): requirements.lock pyproject.toml
	@echo "setting up $(VENV)" >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11) or sys.version_info[:2] > (3, 13))' \
	  || { echo "Evallake needs Python 3.11 to 3.13; name one with: make PYTHON=python3.11 ..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@awk '/^uv==/ {on=1} on && /^[^ ]/ && !/^uv==/ {exit} on' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.lock
	@$(BIN)/uv pip sync --quiet --system-certs --require-hashes --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $@

demo: $(READY)
	@$(BIN)/evallake demo --examples $(EXAMPLES)

test: $(READY)
	@$(BIN)/python -m pytest -n auto --dist loadfile

# One process: Trino is shared, and two cores are busy with it.
athena: $(READY)
	@$(BIN)/python -m pytest tests/athena

check: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/rules

bench: $(READY)
	@$(BIN)/python -m benchmarks.bench_parsing --rows $(ROWS)
	@$(BIN)/python -m benchmarks.bench_ingest --rows $(ROWS)
	@$(BIN)/python -m benchmarks.bench_whole_way --rows $(ROWS)
	@$(BIN)/python -m benchmarks.bench_build --examples $(ROWS)
	@$(BIN)/python -m benchmarks.bench_validation --rows $(ROWS) --naive-rows 2000

docs: $(READY)
	@$(BIN)/python -m evallake.dictionary
	@$(BIN)/python -m evallake.validation.structure

lock: $(READY)
	@$(BIN)/uv pip compile --quiet --system-certs --upgrade --all-extras --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  pyproject.toml requirements.in -o requirements.lock

wheel: $(READY)
	@$(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist
	@ls dist

clean:
	@rm -rf $(VENV) dist target logs
