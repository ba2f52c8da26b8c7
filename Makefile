# Everything a contributor runs; `make` lists it. A target makes what it needs (virtual
# environment, package, tools), and makes it again only when its inputs have changed.
#
#   PYTHON=python3.12 make test       another interpreter
#   VENV=/tmp/env make test           another virtual environment
#   make test ARGS="-k lasso -x"      arguments for pytest, sphinx-build or the benchmark

PYTHON ?= python3
OLDEST_PYTHON ?= python3.10
VENV ?= .venv
ARGS ?=

BIN = $(abspath $(VENV))/bin
DEV = .venv-dev
SOURCES := pyproject.toml CMakeLists.txt $(shell find src_cpp sparsesci -type f \
             -not -path '*/__pycache__/*' -not -name '*.so')
CXX_SOURCES := $(shell find src_cpp -name '*.[chi]pp')

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help quickstart test test-slow test-oldest doctest lint format docs bench \
        sdist wheel sanitize dev clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' Makefile | \
	  awk -F': ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

# ---- the environment ------------------------------------------------------------------
$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; \
	  v < (3, 10) and sys.exit("Python %d.%d is too old: make PYTHON=python3.10" % v[:2])'
	$(PYTHON) -m venv $(VENV)

# The package is installed, not linked: what is tested is what a user gets. -I keeps the
# source tree out of sys.path.
$(VENV)/.package: $(SOURCES) | $(BIN)/python
	$(BIN)/python -m pip install .
	@$(BIN)/python -I -c "from sparsesci._kernels import available_backends as found; \
	  print('sparsesci is installed; kernels:', ', '.join(found()))"
	@touch $@

# The package is there already, so that pip adds what its extra needs and nothing else.
$(VENV)/.extra-%: $(VENV)/.package
	@echo "installing what sparsesci[$*] needs"
	$(BIN)/python -m pip install --quiet "sparsesci[$*]"
	@touch $@

# ---- use and test ---------------------------------------------------------------------
quickstart: $(VENV)/.extra-plot  ## install into .venv and run the first example
	$(BIN)/python examples/quickstart.py

# From within tests/, nothing (not even a subprocess) can import the source tree.
test: $(VENV)/.extra-test  ## run the tests on the installed package
	cd tests && $(BIN)/pytest -n 2 $(ARGS)

test-slow: $(VENV)/.extra-test  ## run the tests that `make test` leaves out
	cd tests && $(BIN)/pytest -n 2 -m slow $(ARGS)

doctest: $(VENV)/.extra-test  ## run the examples of the docstrings
	cd tests && $(BIN)/pytest -c ../pyproject.toml --import-mode=append \
	  --doctest-modules --pyargs sparsesci $(ARGS)

# Old releases warn about newer ones of others: here only results count.
test-oldest:  ## run the tests on the oldest supported Python and dependencies
	$(OLDEST_PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet \
	  -c .ci/constraints-oldest.txt ".[test]"
	cd tests && ../.venv-oldest/bin/pytest -n 2 -W default $(ARGS)

# ---- develop --------------------------------------------------------------------------
lint: $(VENV)/.extra-lint  ## check style, types and spelling, as CI does
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run -Werror $(CXX_SOURCES)
	$(BIN)/codespell

format: $(VENV)/.extra-lint  ## format Python and C++
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(CXX_SOURCES)

# The second run checks the examples of the pages, on what the first one has read.
docs: $(VENV)/.extra-docs  ## build the documentation and run its examples, strictly
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html $(ARGS)
	$(BIN)/sphinx-build -W --keep-going -q -b doctest \
	  -d docs/_build/html/.doctrees docs docs/_build/doctest

sdist: | $(BIN)/python  ## build the source distribution into dist/
	$(BIN)/python -m pip install --quiet build
	$(BIN)/pyproject-build --sdist

wheel: | $(BIN)/python  ## build the wheel into dist/
	$(BIN)/python -m pip wheel --no-deps --wheel-dir dist .

# Python itself is not instrumented, so the runtimes come first by LD_PRELOAD. libstdc++
# is among them because Python loads it too late for exceptions to be intercepted.
# Python's allocator is bypassed (overflows show), its leaks at exit are not ours, and
# pytest must leave the file descriptor alone on which a report is written.
SANITIZED = build/sanitize/site
CXX_LIBRARY = $(shell $(or $(CXX),c++) -print-file-name=$(1))
sanitize: $(VENV)/.extra-test  ## run the kernel tests under AddressSanitizer and UBSan
	SPARSESCI_REQUIRE_CPP=1 $(BIN)/python -m pip install --quiet --no-deps --upgrade \
	  --target $(SANITIZED) \
	  -C build-dir=build/sanitize/cmake -C cmake.build-type=RelWithDebInfo \
	  -C cmake.define.SPARSESCI_SANITIZE=ON .
	cd tests && \
	  LD_PRELOAD="$(call CXX_LIBRARY,libasan.so) $(call CXX_LIBRARY,libstdc++.so.6)" \
	  ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 PYTHONMALLOC=malloc \
	  PYTHONPATH=$(abspath $(SANITIZED)) SPARSESCI_BACKEND=cpp \
	  $(BIN)/pytest --capture=sys -k "not numba" kernels $(ARGS)

# Editable: an edit of Python counts at once, one of C++ with the next `make dev`.
$(DEV)/.editable: pyproject.toml CMakeLists.txt $(filter src_cpp/%,$(SOURCES))
	$(PYTHON) -m venv $(DEV)
	$(DEV)/bin/python -m pip install -e ".[dev]"
	@touch $@

dev: $(DEV)/.editable  ## editable install with all tools in .venv-dev, and commit hooks
	$(DEV)/bin/pre-commit install

bench: $(DEV)/.editable  ## compare with other libraries
	$(DEV)/bin/python -m pip install --quiet "sparsesci[bench]"
	$(DEV)/bin/python -m benchmarks.compare $(ARGS)

clean:  ## remove what was built, and the virtual environments
	rm -rf build dist docs/_build docs/auto_examples docs/api/generated .venv .venv-* \
	  .pytest_cache .mypy_cache .ruff_cache
