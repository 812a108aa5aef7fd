# Every task of the project by name. `make` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := -m pip --disable-pip-version-check --quiet --quiet
PINS := requirements/dev.txt
VERSIONS := requirements/versions.txt
SPARK_PINS := requirements/spark.txt
comma := ,
EXTRAS := cli,fast,generate,httpx2,maskinporten,otel,parquet,postgres,sandbox,testing
LOWEST := tests/upload tests/sandbox tests/cli tests/maskinporten \
    $(filter-out tests/test_docs.py tests/test_package.py tests/test_site.py tests/test_workflows.py \
    tests/test_demo.py,$(wildcard tests/test_*.py)) \
    $(addprefix --ignore=tests/sandbox/,test_conformance.py test_answers.py test_another_origin.py)

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
    --no-annotate $(if $(UPGRADE),--upgrade)
SPARK = PYTHONPATH=$(CURDIR)/$(VENV)-spark $(BIN)/python scripts/on_loopback.py $(BIN)/python

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-logs test-lowest test-spark check bench generate fetch changes try torture torture-cluster torture-spark try-engines simulate bench-pace fuzz pins audit docs docs-serve dist clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' Makefile

setup: $(VENV)/.dev ## build .venv with everything that developing needs

demo: $(VENV)/.demo ## report 10,000 records to a local Sdir; MASKINPORTEN=1 with a token in addition to the key
	@$(BIN)/python scripts/demo.py $(if $(MASKINPORTEN),--maskinporten)

test: $(VENV)/.dev $(VENV)/.judge $(VENV)/.postgres ## run the tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile

test-logs: $(VENV)/.dev $(VENV)/.judge $(VENV)/.postgres ## run the tests with every log at DEBUG, and look for secrets in what they write
	@$(BIN)/python -m pytest -p tests.leaks

test-lowest: $(VENV)-lowest/.made ## run the tests with the lowest versions that pyproject.toml allows
	@$(VENV)-lowest/bin/python -m pytest $(LOWEST)

test-spark: $(VENV)-spark/.made $(VENV)/.postgres ## run the tests of Spark, only on loopback; needs Java
	@$(SPARK) -m pytest tests/spark

check: $(VENV)/.dev ## lint, format, types, and whether the generated code is fresh
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/python scripts/habits.py
	$(BIN)/python scripts/generate.py --check

bench: $(VENV)/.dev $(VENV)-core/.made ## compare with other clients; QUICK=1 takes about a minute
	@$(BIN)/python scripts/bench --python $(VENV)-core/bin/python --json bench.json \
	    $(if $(QUICK),--quick)

generate: $(VENV)/.dev ## rebuild sdir_async/api/ from openapi/
	@$(BIN)/python scripts/generate.py

fetch: $(VENV)/.dev ## get the documents named in openapi/sources.toml; REPLACE=1 also replaces edited ones
	@$(BIN)/python scripts/fetch.py $(if $(REPLACE),--replace)

changes: $(VENV)/.dev ## say what breaks for users; BASE=main, or FROM=course/v1 TO=course/v2
	@$(BIN)/python scripts/changes.py \
	    $(if $(BASE),--base $(BASE)) $(if $(FROM),--from $(FROM)) $(if $(TO),--to $(TO))

try: $(VENV)/.dev ## generate from every document in a folder, and report the result; DOCUMENTS=folder
	@$(BIN)/python scripts/try_documents.py $(DOCUMENTS)

torture: $(VENV)/.dev ## upload under faults and kills: 200,000 records, then 10,000 short uploads
	@$(BIN)/python scripts/torture.py
	@$(BIN)/python -m tests.judge

torture-cluster: $(VENV)/.dev $(VENV)/.postgres ## upload from four workers of one account, under kills and crashes
	@$(BIN)/python scripts/torture_cluster.py

try-engines: $(VENV)/.dev $(VENV)/.postgres ## kill the programs of docs/engines.md; ENGINES="dask ray", WITHOUT=1 a journal
	@$(BIN)/python scripts/try_engines.py $(ENGINES) $(if $(WITHOUT),--without)

torture-spark: $(VENV)-spark/.made $(VENV)/.postgres ## upload 200,000 records from Spark, under kills; RECORDS=20000
	@$(SPARK) scripts/torture_spark.py $(if $(RECORDS),--records $(RECORDS))

fuzz: $(VENV)/.dev ## break inputs, answers and documents for ten minutes; SECONDS=60, SEED=2
	@$(BIN)/python -m tests.fuzz \
	    $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

simulate: $(VENV)/.dev ## upload 10^8 records from 1,000 workers of 100 accounts, on virtual time
	@$(BIN)/python -m scripts.simulate

bench-pace: $(VENV)/.dev $(VENV)/.postgres ## measure how much of a limit several processes use together
	@$(BIN)/python scripts/bench_pace.py

pins: $(VENV)/.made ## write requirements/dev.txt and spark.txt, with hashes for all platforms; UPGRADE=1 for the newest
	@$(BIN)/python $(PIP) install uv
	@cp $(PINS) $(VENV)/pins
	@$(COMPILE) $(addprefix --extra ,$(subst $(comma), ,$(EXTRAS))) \
	    --output-file $(VENV)/pins pyproject.toml requirements/dev.in
	@{ echo "# Written by \`make pins\` from dev.in and pyproject.toml."; cat $(VENV)/pins; } > $(PINS)
	@{ echo "# dev.txt without hashes, for --constraint: pip takes no folder beside a hash. By \`make pins\`."; \
	    sed -e '/--hash=/d' -e 's/ *\\$$//' $(VENV)/pins; } > $(VERSIONS)
	@cp $(SPARK_PINS) $(VENV)/pins
	@echo pyspark | $(COMPILE) --output-file $(VENV)/pins -
	@{ echo "# What \`make test-spark\` needs beside dev.txt, in a folder of its own: it is large."; \
	    cat $(VENV)/pins; } > $(SPARK_PINS)

audit: $(VENV)/.dev ## look for known vulnerabilities in everything that is pinned; asks the package index
	@$(BIN)/pip-audit --strict --requirement $(PINS) --no-deps --disable-pip --progress-spinner off

docs: $(VENV)/.dev ## build the site in build/site, and check its links
	@$(BIN)/python scripts/doc_site.py

docs-serve: docs ## serve the site at http://127.0.0.1:8401
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory build/site 8401

dist: $(VENV)/.dev ## build dist/: wheel and sdist, the same each time, checked, with an SBOM
	@$(BIN)/python scripts/dist.py

clean: ## remove .venv, builds and caches
	rm -rf $(VENV) $(VENV)-core $(VENV)-engines $(VENV)-lowest $(VENV)-spark bench.json build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .schemathesis .fuzz
	find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or newer is needed: make PYTHON=python3.13"; exit 1; }
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.demo: $(VENV)/.made pyproject.toml $(PINS)
	@echo "Installing what the demo needs"
	@$(BIN)/python $(PIP) install --constraint $(VERSIONS) --editable '.[sandbox,maskinporten]' rich
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml $(PINS)
	@echo "Installing what developing needs"
	@$(BIN)/python $(PIP) install --require-hashes --requirement $(PINS)
	@$(BIN)/python $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.demo $@

$(VENV)/.judge: $(VENV)/.made tests/maskinporten/judge/package.json tests/axe/package.json
	@if command -v npm > /dev/null; then for folder in maskinporten/judge axe; do \
	    (cd tests/$$folder && npm install --no-package-lock --no-audit --no-fund --silent) || exit 1; done; fi
	@touch $@

$(VENV)/.postgres: $(VENV)/.dev scripts/install_postgres.sh
	@BIN=$(BIN) sh scripts/install_postgres.sh $@

$(VENV)-core/.made: $(VENV)/.made pyproject.toml $(PINS)
	@echo "Installing the core alone, to measure its import"
	@$(PYTHON) -m venv --clear $(VENV)-core
	@$(VENV)-core/bin/python $(PIP) install --constraint $(VERSIONS) .
	@touch $@

$(VENV)-spark/.made: $(VENV)/.dev $(SPARK_PINS)
	@command -v java > /dev/null || { echo "Spark needs Java 17 or newer."; exit 1; }
	@echo "Installing PySpark"
	@rm -rf $(VENV)-spark
	@$(BIN)/python $(PIP) install --require-hashes --no-deps --target $(VENV)-spark \
	    --requirement $(SPARK_PINS)
	@touch $@

$(VENV)-lowest/.made: $(VENV)/.dev pyproject.toml
	@echo "Installing the lowest versions"
	@$(PYTHON) -m venv --clear $(VENV)-lowest
	@$(BIN)/uv pip install --quiet --python $(VENV)-lowest/bin/python --resolution lowest-direct \
	    --editable '.[$(EXTRAS)]'
	@$(BIN)/uv pip freeze --python $(VENV)-lowest/bin/python --exclude-editable > $(VENV)-lowest/pins
	@$(BIN)/uv pip install --quiet --python $(VENV)-lowest/bin/python --constraint $(VENV)-lowest/pins \
	    --requirement requirements/lowest.in
	@touch $@
