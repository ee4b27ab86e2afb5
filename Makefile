# Every recipe is also written out as plain commands in CONTRIBUTING.md.
# PYTHON chooses the interpreter that .venv is made from:  make test PYTHON=python3.12

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq
TAG    := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
READY  := $(VENV)/.ready-$(TAG)
LOCKS  := requirements-build.lock requirements.lock requirements-dev.lock

# durable_rules 2.0.28 calls PyEval_CallObject, which Python 3.13 took away; every call passes a tuple, so PyObject_CallObject
# does the same. Without it the build passes and the import fails, and pip may have kept such a build: hence no cache.
ifeq ($(filter 3.11 3.12,$(TAG)),)
DURABLE     := CPPFLAGS="$$CPPFLAGS -DPyEval_CallObject=PyObject_CallObject"
DURABLE_PIP := --no-cache-dir
endif

# What an installed program has: without it every start of an editable one may compile all it imports.
BYTES := python -m compileall -q cli.py engine

MAKEFLAGS += --no-print-directory
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup check-machine fmt lint lint-style lint-format lint-types lint-imports lint-docs lint-packs \
        test soak bench demo docs build lock clean

help: ## list what make can do
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 | \2/p' $(firstword $(MAKEFILE_LIST)) | \
	  awk -F '[|]' '{ printf "%-14s %s\n", $$1, $$2 }'

# ---- setting up ------------------------------------------------------------------------------------------------

setup: $(READY) ## make .venv from the lock files (about a minute, once); every other target does it when needed

$(READY): pyproject.toml $(LOCKS)
	@$(MAKE) check-machine
	@echo "setting up $(VENV) with Python $(TAG) (about a minute, once)"
	@rm -f $(VENV)/.ready-*
	@grep -q '^version *= *$(TAG)\.' $(VENV)/pyvenv.cfg 2>/dev/null && $(BIN)/python -m pip --version >/dev/null 2>&1 \
	  || $(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install --require-hashes --no-deps -r requirements-build.lock
	@rm -rf $(VENV)/wheels
	@$(DURABLE) $(PIP) wheel $(DURABLE_PIP) --require-hashes --no-deps --no-build-isolation -w $(VENV)/wheels -r requirements.lock
	@$(PIP) install --no-index --no-deps $(VENV)/wheels/*.whl
	@$(PIP) install --require-hashes --no-deps -r requirements-dev.lock
	@$(PIP) install --no-index --no-deps --no-build-isolation -e .
	@$(BIN)/python -c 'import durable.lang' 2>/dev/null || { echo "durable_rules was built but does not load on \
	Python $(TAG): run make clean, then make PYTHON=python3.12" >&2; exit 1; }
	@touch $@

# One line for each thing that can be missing, before anything is downloaded.
define CHECK_MACHINE
import os, shutil, subprocess, sys, sysconfig, tempfile

def stop(line):
    sys.exit("vires needs " + line)

if sys.version_info < (3, 11):
    stop("Python 3.11 or newer, and %s is %d.%d: try `make PYTHON=python3.12 ...`" % ((sys.executable,) + sys.version_info[:2]))
try:
    import ensurepip, venv
except ImportError:
    stop("Python's venv module: install it (Debian/Ubuntu: apt-get install python3-venv)")
cc = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()
if not shutil.which(cc[0]):
    stop("a C compiler (%s) to build durable_rules: install gcc (Debian/Ubuntu: apt-get install gcc python3-dev; "
         "Fedora: dnf install gcc python3-devel; macOS: xcode-select --install)" % cc[0])
with tempfile.TemporaryDirectory() as folder:
    source = os.path.join(folder, "probe.c")
    with open(source, "w") as probe:
        probe.write("#include <Python.h>\n")
    include = ["-I" + sysconfig.get_path("include"), "-I" + sysconfig.get_path("platinclude")]
    tried = subprocess.run(cc + include + ["-c", source, "-o", os.path.join(folder, "probe.o")],
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
if tried.returncode:
    stop("Python's C headers (Python.h) to build durable_rules: install them "
         "(Debian/Ubuntu: apt-get install python3-dev; Fedora: dnf install python3-devel)")
endef
export CHECK_MACHINE

check-machine:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "vires needs Python 3.11 or newer, and there is no $(PYTHON) here: \
	install it, or name one with make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c "$$CHECK_MACHINE"

lock: ## renew the lock files from pyproject.toml (downloads uv into .venv-lock)
	@$(PYTHON) -m venv .venv-lock && .venv-lock/bin/python -m pip --disable-pip-version-check --no-input -qq install uv
	@set -e; compile() { .venv-lock/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-annotate --no-header "$$@"; }; \
	compile pyproject.toml -o requirements.lock; \
	compile --group pyproject.toml:build -c requirements.lock -o requirements-build.lock; \
	compile --group pyproject.toml:dev -c requirements.lock -c requirements-build.lock -o requirements-dev.lock
	@rm -rf .venv-lock

# ---- everyday --------------------------------------------------------------------------------------------------

fmt: $(READY) ## put the code in its one form
	@ruff check -q --fix . ; ruff format -q .

lint: $(READY) ## style, types, layers, and documents that match the code
	@$(MAKE) -k -j 2 lint-types lint-imports lint-docs lint-style lint-format

lint-style: $(READY)
	@ruff check -q .

lint-format: $(READY)
	@ruff format -q --check . || { echo "not in the one form: run make fmt" >&2; exit 1; }

lint-types: $(READY)
	@mypy --strict --no-error-summary

lint-imports: $(READY)
	@lint-imports --no-logo >$(VENV)/lint-imports.txt 2>&1 || { cat $(VENV)/lint-imports.txt >&2; exit 1; }

lint-docs: $(READY)
	@documents=$$(grep -ls '\[\[\[cog' README.md docs/*.md docs/*/*.md docs/*/*/*.md || true); \
	  test -z "$$documents" || cog --check --verbosity=1 $$documents || { echo "documents behind the code: run make docs" >&2; exit 1; }

lint-packs: $(READY)
	@vires rules lint

test: $(READY) ## lint, then the tests, the packs' own cases among them: everything but the soak
	@$(MAKE) -k -j 2 lint-types lint-packs lint-imports lint-docs lint-style lint-format
	@$(BYTES)
	@pytest -n 2 --dist loadgroup

soak: $(READY) ## the long random runs (installs atheris, where it has a wheel, to fuzz the parsers)
	@$(PIP) install --only-binary :all: -r tests/requirements-soak.txt || echo "no atheris here: its tests are skipped"
	@VIRES_SOAK=1 pytest -m soak

bench: $(READY) ## measure, and print the numbers (installs zen-engine, to measure beside)
	@$(PIP) install -r benchmarks/requirements.txt
	@$(BYTES)
	@python -m benchmarks

demo: $(READY) ## one commissioning, start to finish, in the terminal
	@python demo/run.py

docs: $(READY) ## write the generated parts of the documents again
	@documents=$$(grep -ls '\[\[\[cog' README.md docs/*.md docs/*/*.md docs/*/*/*.md || true); \
	  test -z "$$documents" || cog -r --verbosity=1 $$documents

build: $(READY) ## build the wheel into dist/
	@python -m build --wheel --no-isolation --outdir dist . >$(VENV)/build.txt 2>&1 || { cat $(VENV)/build.txt >&2; exit 1; }
	@ls dist/*.whl

clean: ## remove everything that make made, .venv included
	rm -rf $(VENV) .venv-lock build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
