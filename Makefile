# Each target makes what it needs: `make demo` and `make test` work right after a clone.
NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each $(NEW_ENOUGH) 2>/dev/null && echo $$each && break; done)
VENV := .venv
BIN := $(VENV)/bin
CONTRACT := .venv-contract
MORE ?= --max-examples 20
ONLY ?=
PARALLEL ?= 1
READY := $(VENV)/.ready
# The official host side of MCP Apps, which the tests show the pages of the chat in; made where npm is installed.
CHAT_HOST := $(if $(shell command -v npm),.chat-host/host.js)

# The tests start a hundred processes; none should compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

# How much `make soak` and `make fuzz` do.
STARTS ?= 200
KILLS ?= 5
CALLS ?= 2000
USERS ?= 200
JOBS ?= 1000
SEED ?= 1

.PHONY: company bundle examples release-notes soak fuzz demo test check check-all lint types docs pictures bench live contract clients facts clean help

help:
	@echo "make demo     make a talking-avatar video in the sandbox, through MCP (free, no account)"
	@echo "make test     run the tests"
	@echo "make check    lint, types and tests"
	@echo "make check-all  the same with many more examples of each property, new interpreters and the long tests (some minutes)"
	@echo "make matrix   run the tests on each Python 3.11 to 3.14 that is here, and with the lowest dependencies"
	@echo "make bench    measure start-up, memory, bytes and calls beside the bare SDK"
	@echo "make soak     STARTS=200 KILLS=5: starts over a bad line, servers killed, compared with A2E's books (minutes)"
	@echo "make company  USERS=200 JOBS=1000: servers, workers and a database, killed under load, compared with A2E's books (minutes)"
	@echo "make fuzz     CALLS=2000: generated tool calls over mutated answers of A2E (minutes)"
	@echo "make contract OPENAPI=file  run schemathesis with an OpenAPI file of A2E against the sandbox"
	@echo "make clients  [ONLY=a,b] [PARALLEL=2]  try the server with the real clients (each is installed once, gigabytes in all)"
	@echo "make docs     write what is generated: tools.json, tables of the README and docs, settings of server.json"
	@echo "make examples [ONLY=a.py]  run the examples with agent frameworks against a scripted model (each is installed once)"
	@echo "make bundle   make the .mcpb for Claude Desktop in dist/ (with TRY=--try, measure its first start; needs uv)"
	@echo "make pictures  draw the pictures of the README from a real run of the demo"

# The last words of a failed installation: $(call stop,what happened and what to do).
stop = { echo; echo "$(1)" | fold -s -w 60; exit 1; }

NO_PYTHON := Python 3.11 or newer was not found: install it from python.org or with your system's packages, then run make \
	again, or name it as in make demo PYTHON=python3.12.
NO_VENV := The environment $(VENV) cannot be made: install Python's venv module (on Debian and Ubuntu, apt install \
	python3-venv), or free some room on the disk, then run make again.
NO_PACKAGES := The packages could not be installed: check the network connection, the proxy (HTTPS_PROXY) and the room on \
	the disk, then run make again, which keeps what was fetched.

NO_CHAT_HOST := The host of MCP Apps could not be fetched with npm: the pages of the chat are not tested. \
	Check the network connection, then run make again.

# pip's own lines are many and long, or none at all with --quiet: one short line for each file that is fetched.
define SHOW_PROGRESS
while read -r verb file size; do \
	case "$$verb $$file" in \
		"Using cached") file=$${size%% *}; size="(fetched before)" ;; \
		"Installing collected") echo "  unpacking all of them..."; continue ;; \
		Downloading\ *.whl) ;; \
		*) continue ;; \
	esac; \
	version=$${file#*-}; echo "  $${file%%-*} $${version%%-*} $$size"; \
done
endef

$(READY): pyproject.toml
	@$(PYTHON) $(NEW_ENOUGH) 2>/dev/null || $(call stop,$(NO_PYTHON))
	@echo "Installing into $(VENV) (once): about 210 MB to fetch,"
	@echo "620 MB on disk. Looking for the packages..."
	@$(PYTHON) -m venv $(VENV) || $(call stop,$(NO_VENV))
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1' || $(call stop,$(NO_PACKAGES))
	@rm -f $(VENV)/.installed; \
	{ $(BIN)/python -m pip install --disable-pip-version-check --editable '.[sandbox-live,company,telemetry]' --group dev \
		&& touch $(VENV)/.installed; } | $(SHOW_PROGRESS); \
	test -e $(VENV)/.installed || $(call stop,$(NO_PACKAGES))
	@rm $(VENV)/.installed; touch $(READY)

demo: $(READY)
	@$(BIN)/a2e-mcp demo

.chat-host/host.js: tests/support/chat_host/package.json tests/support/chat_host/host.mjs
	@mkdir -p .chat-host && cp tests/support/chat_host/package.json tests/support/chat_host/host.mjs .chat-host
	@cd .chat-host && npm install --silent --no-audit --no-fund --no-package-lock && npx esbuild host.mjs --bundle --minify \
		--format=iife --log-level=warning --outfile=host.js || echo "$(NO_CHAT_HOST)" | fold -s -w 60

test: $(READY) $(CHAT_HOST)
	@$(BIN)/python -m pytest

check: lint types test

check-all: lint types $(CHAT_HOST)
	@$(BIN)/python -m pytest -m '' --hypothesis-profile long --new-interpreters

# The table of a run goes into docs/reliability.md with WRITE=--write.
soak: $(READY)
	$(BIN)/python -m tests.soak --starts $(STARTS) --kills $(KILLS) --seed $(SEED) $(WRITE)

fuzz: $(READY)
	$(BIN)/python -m tests.fuzz --calls $(CALLS) --seed $(SEED) $(WRITE)

# The table goes into docs/operations.md with WRITE=--write.
company: $(READY)
	$(BIN)/python -m tests.company --users $(USERS) --jobs $(JOBS) --seed $(SEED) $(WRITE)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

# The pictures of the README, from a real run of the demo.
pictures: $(READY)
	$(BIN)/python -m docs.pictures

# The examples with an agent framework; the others are run by the tests.
examples: $(READY)
	@$(BIN)/python -m tests.examples.run --only "$(ONLY)"

# The bundle for Claude Desktop; TRY=--try starts it as a host would, with an empty cache.
bundle: $(READY)
	$(BIN)/python -m docs.bundle $(TRY)

# What a release says of itself, on the screen: VERSION=0.1.0 for another one than this.
release-notes: $(READY)
	@$(BIN)/python -m docs.release_notes $(VERSION)

docs: $(READY)
	$(BIN)/python -m docs.generate

bench: $(READY)
	$(BIN)/python -m bench

# Reads only, against the real A2E: needs A2E_API_TOKEN.
live: $(READY)
	$(BIN)/a2e-mcp doctor --live

# Schemathesis brings a pytest plugin and much else, so it lives in an environment of its own.
$(CONTRACT)/.ready: pyproject.toml
	@$(PYTHON) -m venv $(CONTRACT)
	@$(CONTRACT)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(CONTRACT)/bin/python -m pip install --quiet --disable-pip-version-check --group contract
	@touch $(CONTRACT)/.ready

# For example ONLY=3.12,lowest PYTEST=tests/server
matrix: $(READY)
	$(BIN)/python -m tests.matrix --only "$(ONLY)" -- $(PYTEST)

# More for schemathesis in MORE, such as MORE="--seed 1 --max-examples 100".
contract: $(READY) $(CONTRACT)/.ready
	$(BIN)/python -m tests.contract.run $(OPENAPI) --schemathesis $(CONTRACT)/bin/schemathesis $(MORE)

# Each client is installed once, into .clients; `rm -r .clients` frees the space.
clients: $(READY)
	@$(BIN)/python -m tests.clients.run --only "$(ONLY)" --parallel $(PARALLEL)

facts: $(CONTRACT)/.ready
	$(CONTRACT)/bin/python -m tests.contract.reduce $(OPENAPI)

clean:
	rm -rf $(VENV) $(CONTRACT) .matrix .clients .chat-host .oidc-provider .mypy_cache .ruff_cache .pytest_cache build dist
