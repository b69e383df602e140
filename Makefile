# Every target sets up what it needs; README says the same as plain commands for people without make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: acceptance test lint unit thorough features audit mutants benchmarks clean

# The main job: the guide (edition 2023-08) performed from end to end on the embedded cloud. The report is made of a
# failed run too, and the run's exit code is the one that counts.
acceptance: $(READY)
	@$(BIN)/python -m pytest features --dicfix-edition 2023-08; code=$$?; $(BIN)/dicfix report; exit $$code

# What CI runs first; then it runs the thorough tests.
test: lint unit features

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(READY)
	$(BIN)/python -m pytest tests -n 2 --dist loadfile -m "not slow"

# The tests that start whole test runs, browsers or other programs of their own.
thorough: $(READY)
	$(BIN)/python -m pytest tests -n 2 --dist loadfile -m slow

features: $(READY)
	$(BIN)/python -m pytest features --dicfix-edition 2023-06
	$(BIN)/python -m pytest features --dicfix-edition 2024-04
	$(BIN)/python -m pytest features --dicfix-edition 2023-08

# The same features, read-only, on an embedded account that was onboarded before.
audit: $(READY)
	$(BIN)/python -m pytest features --dicfix-audit --dicfix-edition 2023-08

# Takes each rule of the embedded cloud out and shows which test turns red.
mutants: $(READY)
	$(BIN)/python tests/mutants.py

benchmarks: $(READY)
	$(BIN)/python benchmarks/run.py

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "dicfix needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache reports/allure-results reports/run.json
