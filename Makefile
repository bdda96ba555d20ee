# Every verb is one line here; the work is done by src/patronus_builder (Python standard library only) and by the tools it fetches.
PYTHON ?= python3
PROFILES ?= dhcp dns
BUILDER := PYTHONPATH=src $(PYTHON) -m patronus_builder
VENV = $(shell $(BUILDER) venv-path)/bin
FAST_TESTS := tests --ignore=tests/vm --ignore=tests/checkers --ignore=tests/bench

.DEFAULT_GOAL := help
.PHONY: help venv venv-path tools image lint fmt test-fast

help: ## what each verb does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

venv: ## linters and test tools, pinned, in the cache (about 20 s once)
	@$(BUILDER) venv

venv-path: ## where `make venv` puts them
	@$(BUILDER) venv-path

tools: ## fetch mkosi and build the tools tree: QEMU, systemd-repart, test programs (about 75 s once)
	@$(BUILDER) tools

image: ## build/patronus.raw [PROFILES="dhcp dns"] [VERSION=1.2.3] [TRUST=folder] [RELEASE=1] (about 3 min at first, then 30 s)
	@$(BUILDER) image --profiles "$(PROFILES)" $(if $(VERSION),--version $(VERSION)) $(if $(TRUST),--trust $(TRUST)) $(if $(RELEASE),--release)

lint: venv ## ruff, mypy --strict, import contracts
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check -q .
	@$(VENV)/mypy src tests
	@if grep -q '^\[tool.importlinter' pyproject.toml; then PYTHONPATH=src $(VENV)/lint-imports; fi

fmt: venv ## let ruff format the code and repair what it can
	@$(VENV)/ruff format .
	@$(VENV)/ruff check --fix .

test-fast: lint ## lint, types, unit and golden tests: no root, no image (under a minute)
	@$(VENV)/pytest $(FAST_TESTS)
