# Everything runs from .venv/, which these targets make. Needs Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
EMULATOR := .venv-emulator
EMULATOR_STAMP := $(EMULATOR)/.installed

.PHONY: help setup servers demo test unit check promtool-native bench replay proof mutants up build clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

setup: $(STAMP) ## install everything, pinned by hash, into .venv/

$(STAMP): requirements/dev.txt requirements/purchases.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "mirante needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/purchases.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

# A server that the tests start for real; it pins its own libraries, so it has a venv of its own.
$(EMULATOR_STAMP): requirements/emulator.txt
	$(PYTHON) -m venv $(EMULATOR)
	$(EMULATOR)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/emulator.txt
	@touch $(EMULATOR_STAMP)

# The Java servers, from Maven Central; without Java or Maven the tests that need them are skipped by name.
SERVERS := .servers
SERVERS_STAMP := $(SERVERS)/.installed
servers: $(SERVERS_STAMP) ## fetch the Java servers that the tests start into .servers/

$(SERVERS_STAMP): platform/dataplatform/local/cassandra.pom.xml $(STAMP)
	@if command -v java >/dev/null && command -v mvn >/dev/null; then \
	$(BIN)/python -m dataplatform.local.fetch $(SERVERS) && touch $(SERVERS_STAMP); \
	else echo "no java or no mvn here: the tests that ask Cassandra are skipped by name"; fi

# Grafana's own code judges the boards, where node is at hand; without it those tests are skipped by name.
ORACLE := tests/support/grafana
ORACLE_STAMP := $(ORACLE)/.installed
$(ORACLE_STAMP): requirements/grafana-oracle.txt $(ORACLE)/package-lock.json $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --upgrade --target $(ORACLE)/.python -r requirements/grafana-oracle.txt
	@if command -v npm >/dev/null; then cd $(ORACLE) && npm ci --ignore-scripts --legacy-peer-deps --no-audit --no-fund --silent; \
	else echo "no npm here: the tests that ask Grafana's own code are skipped by name"; fi
	@touch $(ORACLE_STAMP)

# PROFILE=local runs it on real servers: MariaDB and Redis from Debian, Cassandra from Maven, an AWS emulator.
demo: $(STAMP) $(if $(filter local,$(PROFILE)),$(EMULATOR_STAMP) $(SERVERS_STAMP)) ## set up and run the main job: real loans, a fault, the burn, the page, the report
	$(BIN)/mirante demo $(if $(FAULT),--fault $(FAULT)) $(if $(PROFILE),--profile $(PROFILE))

test: $(STAMP) $(EMULATOR_STAMP) $(SERVERS_STAMP) $(ORACLE_STAMP) ## set up and run every test
	$(BIN)/python -m pytest -n 2 --no-loadscope-reorder

unit: $(STAMP) ## set up and run the tests that start no server
	$(BIN)/python -m pytest -n 2 tests/unit tests/architecture tests/golden

check: $(STAMP) ## ruff, mypy strict, import-linter, every definition and everything generated from it
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/mirante check

promtool-native: ## build a current promtool (a Go module) into .promtool/, for the tests of native histograms
	cd tests/support/promtool && go build -o $(CURDIR)/.promtool/promtool github.com/prometheus/prometheus/cmd/promtool

bench: $(STAMP) ## speed and memory, as ratios against a floor in the same run (JSON in build/bench/)
	$(BIN)/python tests/bench

replay: $(STAMP) ## which panel has data, in five scenarios on Prometheus's own engine
	@$(BIN)/python tests/replay

proof: $(STAMP) $(EMULATOR_STAMP) $(SERVERS_STAMP) $(ORACLE_STAMP) ## the heavy proofs at full size
	MIRANTE_PROOF=full $(BIN)/python -m pytest -m proof --timeout 7200

mutants: $(STAMP) ## remove or flip each rule that must hold, and name those that no unit test misses
	$(BIN)/python tests/mutants

up: $(STAMP) ## serve everything on this machine
	$(BIN)/mirante up

build: $(STAMP) ## write everything generated to build/
	$(BIN)/mirante build

clean: ## remove what these targets made
	rm -rf $(VENV) $(EMULATOR) $(SERVERS) .promtool build dist demo-data demo-report
