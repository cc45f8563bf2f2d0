# The commands of a working day; `make` alone lists them.
.DEFAULT_GOAL := help
BIN := .venv/bin
HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= 2
# With WECHAT=standin a server of ours plays WeChat beside the demonstration.
STANDIN = $(if $(filter standin,$(WECHAT)),$(BIN)/python -m tests.wechat.standin)
LOCKS := deploy/requirements
COMPILE := uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header --no-annotate \
	--overrides $(LOCKS)/overrides.txt --excludes $(LOCKS)/excluded.txt

.PHONY: help run test check bench evaluation fmt lint types imports lock clean runtime dev

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

runtime:
	@deploy/setup.sh runtime

dev:
	@deploy/setup.sh dev

run: runtime ## Start the service with demo data on http://127.0.0.1:8000 (HOST=, PORT=, WECHAT=standin)
	@HOST=$(HOST) PORT=$(PORT) exec $(STANDIN) $(BIN)/bizhao start-demo

test: dev ## Run all tests; ARGS= goes to pytest
	$(BIN)/python -m tests.postgresql $(BIN)/pytest -n $(WORKERS) --dist loadgroup $(ARGS)

check: dev ## The whole gate: format, lint, types, imports, tests with coverage
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.postgresql $(BIN)/pytest -n $(WORKERS) --dist loadgroup \
		--cov --cov-report=term --cov-report=json:.coverage.json $(ARGS)
	$(BIN)/python -m tests.coverage_floor .coverage.json

fmt: dev ## Format, and fix what can be fixed without thought
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lint: dev ## Check style and common mistakes
	$(BIN)/ruff check .

types: dev ## Check types
	$(BIN)/mypy

imports: dev ## Check who may import whom
	$(BIN)/lint-imports

bench: dev ## Time what must be fast (PHOTOS=, ARGS="--only …", RECORD=1 rewrites the record)
	@$(BIN)/python -m tests.postgresql $(BIN)/bizhao bench $(ARGS) $(if $(PHOTOS),--photos $(PHOTOS)) \
		$(if $(RECORD),--record deploy/BENCHMARKS.md)

lock: ## Resolve the lock files anew (needs uv)
	$(COMPILE) --upgrade $(LOCKS)/build.in -o $(LOCKS)/build.lock
	$(COMPILE) --upgrade pyproject.toml -o $(LOCKS)/runtime.lock
	$(COMPILE) --upgrade pyproject.toml --extra dev $(LOCKS)/build.in \
		-c $(LOCKS)/build.lock -c $(LOCKS)/runtime.lock -o $(LOCKS)/dev.lock

evaluation: dev ## Judge the labelled portraits, write deploy/EVALUATION.md
	$(BIN)/python -m tests.photos.evaluation

clean: ## Remove what the tools left behind; .venv and var/ stay
	rm -rf build dist .coverage* htmlcov .mypy_cache .pytest_cache .ruff_cache \
		.hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
