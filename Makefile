# The commands a newcomer types. `make` alone lists them.
.DEFAULT_GOAL := help
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false
export MLFLOW_DISABLE_TELEMETRY := true

.PHONY: help demo check test chaos size lock clean runtime development

help: ## list the commands
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

runtime:
	@./bootstrap runtime

development:
	@./bootstrap development

demo: runtime ## the whole platform on a simulated three-year history (ARGS=--no-serve stops after the pipeline)
	@$(BIN)/nexus demo $(ARGS)

check: development ## lint, types, import floors, SQL, dbt parse, unit and contract tests: under two minutes
	@$(MAKE) --no-print-directory -j 2 --output-sync=target check-tests check-code check-sql

.PHONY: check-code check-sql check-tests
check-code:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/bandit -q -c pyproject.toml -r foundation hiring serving dashboards nexus orchestration ingestion warehouse metrics models_ml data_quality simulator
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy

check-sql:
	@$(BIN)/sqlfluff lint dbt_project --config dbt_project/.sqlfluff -q
	@NEXUS_WAREHOUSE_BUILD=:memory: $(BIN)/dbt --quiet --warn-error parse --project-dir dbt_project --profiles-dir dbt_project

check-tests:
	@$(PYTEST) -q -n 2 --dist loadfile tests/unit tests/contract tests/architecture

test: development ## every test, with what it needs brought along (Postgres, RabbitMQ, Redis, Chromium): under twenty minutes
	@$(BIN)/python -m tests.support.debian_packages --preflight
	@$(PYTEST) -q -n 3 --dist loadgroup tests $(ARGS)  # three: browsers, databases and servers are waited for

chaos: development ## 200 kills with -9 of relay, consumer, worker, Postgres, RabbitMQ, letter sender and mail server (NEXUS_CHAOS_KILLS)
	@NEXUS_CHAOS_KILLS=$${NEXUS_CHAOS_KILLS:-200} $(PYTEST) -q -s -n 0 tests/chaos $(ARGS)

size: ## lines of product code beside the aims (Python 15,000, SQL 4,000)
	@git ls-files '*.py' | grep -vE '^(tests|benchmarks)/' | xargs cat | wc -l | awk '{ print "Python " $$1 " of 15000" }'
	@git ls-files 'dbt_project/*.sql' | xargs cat | wc -l | awk '{ print "SQL " $$1 " of 4000" }'

lock: ## resolve the three locks again
	@for kind in "requirements.lock:" "requirements-development.lock:--group development -c requirements.lock" "requirements-spark.lock:--extra spark -c requirements.lock"; do \
	  $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 \
	    pyproject.toml $${kind#*:} -o $${kind%%:*} || exit 1; done

clean: ## stop everything and delete all state of the embedded databases
	@$(BIN)/nexus down --purge
