# make demo runs the whole runbook; make test runs everything that is checked. Both set up .venv by themselves.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test exhaustive mutate fuzz lab lab-reset record docs picture bench lint lock audit lowest wheel core-pythons test-pythons clean venv FORCE

BIN := .venv/bin
PARAMETERS ?= parameters/practice.yaml
RUN := runs/practice

# The same outputs on every machine.
export PYTHONHASHSEED := 0
export JUPYTER_PREFER_ENV_PATH := 1
export JUPYTER_PLATFORM_DIRS := 1
export PYDEVD_DISABLE_FILE_VALIDATION := 1
export COLUMNS := 120
# Modules are compiled once, whatever the caller's environment says: each process would compile all of them again.
export PYTHONDONTWRITEBYTECODE :=
export PATH := $(CURDIR)/$(BIN):$(PATH)

# Which tests. `make test TESTS=tests/unit NOTEBOOKS=` runs a part.
TESTS ?= tests
NOTEBOOKS ?= $(sort $(wildcard notebooks/*.ipynb))
NBVAL = $(if $(strip $(NOTEBOOKS)),--nbval --nbval-current-env --nbval-sanitize-with tests/notebooks/sanitize.cfg $(NOTEBOOKS))
# The lanes that tests run in: a file stays in one lane, and so do all notebooks, the longest chain, which start first.
LANES ?= 2
IN_LANES = -n $(LANES) --dist loadfile --no-loadscope-reorder
# The other Pythons, where they are found. `make test PYTHONS=` leaves them out.
PYTHONS ?= 3.11 3.12 3.13
# What `make test` runs on them: the tests of the pure core, which calls nothing but the language and its library.
CORE := $(addprefix tests/unit/,change cloudtrail iam policies test_settings.py)
# JupyterLab refuses root unless told; in many containers there is nobody else. It listens on loopback, behind its token.
AS_ROOT = $(if $(filter 0,$(shell id -u)),--allow-root)

help: ## what there is to make
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do \
	  printf '%-20s %s\n' "$$name" "$$what"; done

venv: ## set up .venv exactly as requirements.lock says; nothing when it is so already
	@.ci/venv .venv

demo: venv ## the runbook against the practice estate; ends by naming the report it wrote
	@$(BIN)/onetrail practice status >/dev/null 2>&1 || { $(BIN)/onetrail practice start 2>/dev/null; $(BIN)/onetrail practice reset >/dev/null; }
	@$(BIN)/onetrail run -f $(PARAMETERS) --approve any

test: lint core-pythons ## lint, types, layers, then every test: unit, notebooks, integration, browser
	@chromium="$$(tests/browser/ensure_chromium.sh)" && ONETRAIL_CHROMIUM="$$chromium" ONETRAIL_LIVE=0 \
	  $(BIN)/python -m pytest $(IN_LANES) $(NBVAL) $(TESTS) $(PYTEST_ARGS)

exhaustive: venv ## every kill, every signal to every process, all sizes; takes about half an hour and is no part of make test
	@ONETRAIL_LIVE=0 $(BIN)/python -m pytest -q $(IN_LANES) -m exhaustive $(TESTS) $(PYTEST_ARGS)

# Which modules below lib/onetrail, which sample of their mutants, in how many processes: `make mutate MODULES="change/gate.py iam" COUNT=0`.
MODULES ?=
SEED ?= 1
COUNT ?= 1080
JOBS ?= $(LANES)

mutate: venv ## break the library in small ways and see whether its unit tests notice; resumable, and no part of make test
	@ONETRAIL_LIVE=0 $(BIN)/python -m tests.mutation --modules "$(MODULES)" --seed $(SEED) --count $(COUNT) --jobs $(JOBS) $(if $(WRITE),--write)

lint: venv ## ruff, mypy and the layers' contract
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

core-pythons: ON_THEM = $(CORE)
core-pythons: ## the pure core's tests on every other Python of 3.11, 3.12 and 3.13 that is found
test-pythons: ON_THEM = tests/unit
test-pythons: ## all unit tests on every other Python of 3.11, 3.12 and 3.13 that is found
core-pythons test-pythons: venv
	@own="$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')"; \
	for version in $(PYTHONS); do \
	  if [ "$$version" = "$$own" ]; then continue; fi; \
	  python="$$(.ci/python "$$version")"; \
	  if [ -z "$$python" ]; then echo "Python $$version: none found, left out"; continue; fi; \
	  .ci/venv ".venv-$$version" "$$python"; \
	  echo "Python $$version: $(ON_THEM)"; \
	  ".venv-$$version/bin/python" -m pytest -q $(IN_LANES) -p no:cacheprovider -m 'not slow' $(ON_THEM); \
	done

lab: venv ## JupyterLab in lab/, a folder with notebooks, a practice estate and a run of its own
	@$(BIN)/onetrail init lab --parameters parameters/practice.yaml >/dev/null
	@cd lab && onetrail lab --practice $(AS_ROOT) --LabApp.app_settings_dir=$(CURDIR)/.ci/lab \
	  $$([ ! -t 1 ] || echo --ServerApp.log_level=WARN)

lab-reset: venv ## begin again in lab/: the estate as at its start, the run put aside, the outputs cleared
	@[ -d lab ] || { echo "lab/ is not there yet: make lab makes it" >&2; exit 2; }
	@cd lab && onetrail practice reset

record: venv ## run the notebooks afresh on a new practice estate and keep their outputs
	@ONETRAIL_LIVE=0 $(BIN)/python -m onetrail.recording
	@$(BIN)/python docs/pages.py

docs: venv ## write the pages and parts of pages that are made from code and recorded notebooks
	@$(BIN)/python docs/pages.py

picture: venv ## make docs/onetrail.png again from the recorded notebooks
	@chromium="$$(tests/browser/ensure_chromium.sh)" && ONETRAIL_CHROMIUM="$$chromium" $(BIN)/python docs/picture.py

# From which seed on, and how many layouts: `make fuzz SEED=1 COUNT=5000`.
fuzz: venv ## judge random layouts of buckets by a known truth: make fuzz SEED=1 COUNT=5000
	@$(BIN)/python -m tests.fuzz $(SEED) $(COUNT)

# Which parts of the benchmarks, and which share of their objects: `make bench ONLY=copy,list SCALE=0.1`.
ONLY ?=
SCALE ?= 1

bench: venv ## measure copying and listing beside their peers, memory, and the verification: make bench ONLY=copy
	@$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY)) --scale $(SCALE)

# `make lock UPGRADE=1` takes the newest versions; without it those that still fit stay.
UPGRADE ?=

lock: venv ## write requirements.lock again, with hashes, from pyproject.toml and requirements-dev.in
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --no-emit-find-links $(if $(UPGRADE),--upgrade) --extra all pyproject.toml requirements-dev.in -o requirements.lock

audit: venv ## known vulnerabilities of what requirements.lock pins, as the OSV database has them; needs the network
	@$(BIN)/python .ci/audit.py

lowest: venv ## the library's tests with the lowest version that pyproject.toml allows of each dependency; part of make exhaustive
	@$(BIN)/python -m pytest -q -m exhaustive tests/packaging/test_lowest.py

wheel: venv ## build the wheel and the source distribution into dist/
	@rm -rf dist
	@$(BIN)/python -m hatchling build

clean: ## remove environments, caches and the practice run; the records of other runs stay
	@[ ! -x $(BIN)/onetrail ] || $(BIN)/onetrail practice stop >/dev/null 2>&1 || true
	@rm -rf .venv .venv-3.* .venv-bench .practice $(RUN) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache lib/*.egg-info
	@find lib tests notebooks benchmarks -name __pycache__ -prune -exec rm -rf {} +
