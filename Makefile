# Every verb is one line here; the work is done by src/patronus_builder (Python standard library only) and by the tools it
# fetches into the cache: PATRONUS_CACHE, else ~/.cache/patronus.
PYTHON ?= python3
PROFILES ?= dhcp dns
BUILDER := PYTHONPATH=src $(PYTHON) -m patronus_builder
VENV = $(shell $(BUILDER) venv-path)/bin
IMAGE_OPTIONS = --profiles "$(PROFILES)" $(if $(VERSION),--version $(VERSION)) $(if $(TRUST),--trust $(TRUST)) \
	$(if $(RELEASE),--release)
SLOW_TESTS := tests/vm tests/checkers
FAST_TESTS := tests $(SLOW_TESTS:%=--ignore=%) --ignore=tests/bench
# Two machines at a time: a story mostly waits for one processor of its guest. A worker takes half of what is left to the
# other one when it has nothing to do, from the end, so that stories of one file mostly share what they booted.
WORKERS ?= 2
SANDBOXED_PYTEST = PATRONUS_KEY=$$($(BUILDER) developer-key) $(BUILDER) sandbox -- python3 -m pytest

.DEFAULT_GOAL := help
.PHONY: help run image iso disk tools venv venv-path shell fmt lint test-fast test-vm test docs bench clean

help: ## what each verb does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: ## build what is missing and boot the box at this terminal [CONFIG=file.yaml] [DISK=build/gw.raw] [SHELL_PORT=1]
	@$(BUILDER) run $(IMAGE_OPTIONS) $(if $(CONFIG),--config $(CONFIG)) $(if $(DISK),--disk $(DISK)) $(if $(SHELL_PORT),--shell)

image: ## build/patronus.raw [PROFILES="dhcp dns"] [VERSION=1.2.3] [TRUST=folder|none] [RELEASE=1]
	@$(BUILDER) image $(IMAGE_OPTIONS)

iso: ## build/patronus.iso: boots as CD and as USB stick, tries the router or installs it [as image]
	@$(BUILDER) iso $(IMAGE_OPTIONS)

disk: ## the image built last with your signed document on it: BUNDLE=gw.bundle makes build/gw.raw
	@$(BUILDER) assemble build/$(basename $(notdir $(or $(BUNDLE),$(error make disk BUNDLE=file)))).raw --incoming $(BUNDLE)

tools: ## fetch mkosi and build the tools tree: QEMU, systemd-repart, test programs
	@$(BUILDER) tools

venv: ## linters and test tools, pinned, in the cache
	@$(BUILDER) venv

venv-path: ## where `make venv` puts them
	@$(BUILDER) venv-path

shell: ## a root shell in a running test machine
	@$(BUILDER) sandbox -- python3 -m patronus_builder.vm shell

fmt: venv ## let ruff format the code and repair what it can
	@$(VENV)/ruff format .
	@$(VENV)/ruff check --fix .

lint: venv ## ruff, mypy --strict, import contracts, mkosi's view of its files
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check -q .
	@$(VENV)/mypy src tests
	@PYTHONPATH=src $(VENV)/lint-imports
	@$(BUILDER) check-image-files

test-fast: lint ## lint, types, unit and golden tests: no root, no image (about a minute)
	@$(VENV)/pytest -n auto --dist worksteal $(FAST_TESTS)

test-vm: image ## the daemons' own checkers and the stories on the booted image [TESTS=tests/vm/test_house.py]
	@$(SANDBOXED_PYTEST) -n $(WORKERS) --dist worksteal $(or $(TESTS),$(wildcard $(SLOW_TESTS)))

test: test-fast test-vm ## everything; what .ci/run calls

docs: venv ## write docs/reference.md from the schema
	@PYTHONPATH=src $(VENV)/python -m patronus.ops.reference docs/reference.md

bench: image ## measure, print a table, write build/bench.json
	@$(SANDBOXED_PYTEST) tests/bench -s

clean: ## remove what was built here; the cache stays
	@rm -rf build
