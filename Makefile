# Every chore of the house. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PY := .venv/bin/python

ifeq (where,$(firstword $(MAKECMDGOALS)))
# `make where late`: what follows is the word looked for, not something to build.
WORDS := $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))
.PHONY: where $(WORDS)
where: ## Find who decides, emits or receives something: make where late
	@tools/setup.sh
	@$(PY) -m tools.where $(WORDS)
$(WORDS):
	@:
else

.PHONY: help setup demo test test-postgres machines lint format types walls house check bench bench-formats restores upgrades contracts lock clean where

help: ## Show this list
	@echo "crossdock: what make can do here"
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort -u \
		| awk -F':.*## ' '{ printf "  make %-17s %s\n", $$1, $$2 }'

setup: ## Prepare .venv with everything pinned (quick when nothing changed)
	@tools/setup.sh

demo: setup ## Watch a distributor's day, with simulated partners
	@.venv/bin/crossdock demo $$([ -t 1 ] || echo --once)

test: setup ## Run every test, several files at a time
	@$(PY) -m pytest -n auto --maxprocesses 4 --dist loadfile

test-postgres: setup ## Run the tests that need PostgreSQL; they start a server of their own
	@$(PY) -m pytest -k postgres

machines: setup ## Kill and freeze workers and the database under load, and count what is missing or doubled
	@$(PY) -m tests.journeys.machines 1 2 3

format: setup ## Lay out and tidy the code as the house does
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

lint: setup ## Check layout and style (ruff)
	@$(PY) -m tools.check layout lint

types: setup ## Check the types (mypy, strict)
	@$(PY) -m tools.check types

walls: setup ## Check that no room reaches into another (import-linter, deptry)
	@$(PY) -m tools.check walls dependencies

house: setup ## Check the customs of the house (tests/house)
	@$(PY) -m pytest tests/house

check: setup ## Everything a change must pass, as CI runs it
	@$(PY) -m tools.check

bench-formats: setup ## Measure reading X12 beside its peers and plain splitting
	@$(PY) -m benchmarks.formats $(BENCH)

bench: setup ## Measure crossdock beside its peers and its limits: make bench BENCH="--minutes 30"
	@tools/bench.sh
	@$(PY) -m benchmarks $(BENCH)
	@$(PY) -m tools.generate >/dev/null

restores: setup ## Lose days after their backup and restore them, on both stores: STORE=sqlite for one
	@$(PY) -m tests.journeys.restored $(if $(STORE),--store $(STORE))

upgrades: setup ## Upgrade a day of every released version in its middle: STORE=sqlite for one
	@$(PY) -m tests.store.upgraded $(if $(STORE),--store $(STORE))

contracts: setup ## Write contracts/, docs/reference/ and docs/guarantees.md anew
	@$(PY) -m tools.generate

# What proves the promises, at length; the suite has a short version of each.
.PHONY: ablation fault-proxy fuzz histories properties recovery-herd simulate

fault-proxy: setup ## Break the wire in every way, by seed: make fault-proxy SEEDS=40
	@$(PY) -m tests.proofs.fault_proxy --seeds $(or $(SEEDS),40)

properties: setup ## Let the stateful machines run long: make properties EXAMPLES=1000
	@$(PY) -m tests.proofs.stateful --examples $(or $(EXAMPLES),1000)

simulate: setup ## Live through simulated worlds: make simulate SEEDS=2000, or SEED=7 for one
	@$(PY) -m $(if $(SEED),crossdock.testing.simulation --seed $(SEED),tests.proofs.simulation --seeds $(or $(SEEDS),200)) $(ARGS)

ablation: setup ## Take each defence away until a seed turns red, and let the canary sing (long)
	@$(PY) -m tests.proofs.ablation $(ARGS)

fuzz: setup ## Fuzz every parser so many seconds each: make fuzz SECONDS=60 TARGET=json
	@$(PY) -m tests.fuzz --seconds $(or $(SECONDS),60) --target "$(TARGET)"

recovery-herd: setup ## Let a partner come back to 10,000 waiting effects, in simulated time
	@$(PY) -m tests.proofs.recovery_herd --messages $(or $(MESSAGES),10000)

.PHONY: chaos overload poison soak

overload: setup ## Send five times as much as it can take: make overload SECONDS=20
	@$(PY) -m tests.proofs.overload --seconds $(or $(SECONDS),20)

chaos: setup ## Fire at a house from all sides and check what clients were told: SECONDS=120
	@$(PY) -m tests.proofs.history_checker --seconds $(or $(SECONDS),120) $(ARGS)

poison: setup ## Let messages kill, hang and exhaust their worker, beside good ones
	@$(PY) -m tests.proofs.poison

soak: setup ## Load a house for an hour, and see whether anything it holds grows: MINUTES=60
	@$(PY) -m tests.proofs.soak --minutes $(or $(MINUTES),60) $(ARGS)

histories: setup ## Record golden histories that are missing, or one anew: make histories NAME=late
	@$(PY) -m tests.histories $(NAME)

# What dies, and comes back.
.PHONY: crash disk-full power-cut power-cut-postgres

crash: setup ## Kill the house at every point of a day, and see what it still knows
	@$(PY) -m tests.proofs.crash_points --every $(or $(EVERY),1) --record

disk-full: setup ## Fill the disk under a running house, and give it room again (needs root)
	@$(PY) -m tests.proofs.disk_full --record

power-cut: setup ## Cut the power under the SQLite store, at every change of its disk
	@$(PY) -m tests.proofs.power_cut --every $(or $(EVERY),1) --record

power-cut-postgres: setup ## Cut the power under PostgreSQL, by FUSE (needs root): CUTS=50
	@$(PY) -m tests.proofs.power_cut_postgres --cuts $(or $(CUTS),50) --record

lock: setup ## Choose newer versions for requirements/*.txt
	@tools/lock.sh

clean: ## Forget what tools remember; .venv stays
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

endif
