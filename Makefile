# Wardline's commands. The work is in scripts/setup.sh (system packages) and xtask (everything
# else): `cargo run -p xtask -- help` lists the single steps.

XTASK := cargo run --quiet --locked --package xtask --

.PHONY: help run build test conformance bench soak fmt lint lint-deps web setup clean

help:
	@echo 'make run          build what changed and start the demo hospital (ARGS="--seed 7" are handed on)'
	@echo 'make test         every check and test'
	@echo 'make build        target/release/wardline with the web app inside'
	@echo 'make bench        measurements as ratios to what the machine and other servers can do'
	@echo 'make conformance  the tests on public data (WARDLINE_DATA, else ../shared/data)'
	@echo 'make soak         the Rust tests with long counts'
	@echo 'make lint, fmt    read, or format, all sources'
	@echo 'make lint-deps    licences, bans and sources of all dependencies'
	@echo 'make web          the web app alone'
	@echo 'make clean        removes what was built'

run:
	@scripts/setup.sh run
	@$(XTASK) run $(ARGS)

build:
	@scripts/setup.sh run
	@$(XTASK) build

test:
	@scripts/setup.sh test
	@$(XTASK) test

conformance:
	@scripts/setup.sh test
	@$(XTASK) conformance

bench:
	@scripts/setup.sh bench
	@$(XTASK) bench $(ARGS)

soak:
	@scripts/setup.sh test
	@$(XTASK) soak

fmt:
	@$(XTASK) fmt

lint:
	@scripts/setup.sh run
	@$(XTASK) lint

lint-deps:
	@$(XTASK) deps

web:
	@scripts/setup.sh run
	@$(XTASK) web

setup:
	@scripts/setup.sh test

clean:
	rm -rf target web/dist web/node_modules web/src/core/pkg e2e/node_modules e2e/test-results e2e/playwright-report
