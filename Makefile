# What a developer and a CI job type. Needs a Debian with Python 3.11 or newer, and nothing else; everything may be repeated.

PYTHON ?= python3
VENV ?= .venv
# Of the server. DRAIN is for how many seconds /readyz refuses, so that proxies notice, before it stops.
HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= 2
THREADS ?= 2
DRAIN ?= 0
export DATA_DIR ?= .data

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SILENT:
.NOTPARALLEL:
.PHONY: help run test install install-tests release prepare serve jobs practice-idp lint check licences sbom measure picture screenshots \
	format lock port origin browser services

help:
	sed -n 's/^\([a-z-]*\):.*## /make \1	/p' Makefile

run: BESIDE = $(practice_idp) & beside=$$!; $(jobs) & trap "kill $$beside $$! 2> /dev/null || true" EXIT
run: port prepare serve ## install, prepare and serve on http://127.0.0.1:8000 (PORT=9000 changes the port)

# Three processes for two cores: one of them often waits, for a server, a database or a browser.
# Types and the look-up of vulnerabilities take what the tests leave.
# Bytecode is kept, whatever the environment says: all processes of a run would compile the same files.
test: export PYTHONDONTWRITEBYTECODE :=
test: lint browser services ## format, lint, types, then the whole suite on SQLite and on PostgreSQL
	said=$$(mktemp)
	nice make --no-print-directory check > $$said 2>&1 & beside=$$!
	trap "kill $$beside 2> /dev/null || true; rm -f $$said" EXIT
	trap 'exit 130' INT
	unset DATABASE_URL
	failed=
	echo "== Tests on SQLite"
	$(VENV)/bin/python -m pytest -n 3 || failed+=" SQLite"
	echo "== Tests on PostgreSQL"
	$(VENV)/bin/python -m tests.postgres $(VENV)/bin/python -m pytest -n 3 || failed+=" PostgreSQL"
	echo "== Types, licences and known vulnerabilities"
	wait $$beside && cat $$said || { cat $$said; failed+=" check"; }
	[ -z "$$failed" ] || { echo "Failed:$$failed" >&2; exit 1; }

# Installing. ----------------------------------------------------------------------------------------------------------

# A stamp names the lock that is installed, so nothing happens while that lock stays the same.
stamp = $(VENV)/installed-$(1)-$(shell sha256sum $(2) | cut -c -16)
RUN := $(call stamp,run,requirements.txt)
TESTS := $(call stamp,tests,tests/requirements.txt)

# One process at a time changes the virtual environment: `make run` and `make test` may start together.
locked = mkdir -p $(VENV); exec 9> $(VENV)/lock; flock 9
# Twice quiet: pip says only why it failed. What it warns of is the machine's, not ours.
pip_install = $(VENV)/bin/pip install --quiet --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r

# Debian's packages, where this account may install them.
AS_ROOT := $(if $(filter-out 0,$(shell id -u)),sudo -n)
apt = $(AS_ROOT) apt-get -q -o DPkg::Lock::Timeout=300 update && $(AS_ROOT) env DEBIAN_FRONTEND=noninteractive \
	apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends

install: $(RUN) ## the virtual environment with what the application needs

install-tests: $(TESTS) ## and with what the tests need

$(VENV)/bin/pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
		echo "Python 3.11 or newer is needed: install it, or name it: make run PYTHON=/path/to/python3" >&2; exit 1; }
	$(locked)
	if ! $(PYTHON) -c 'import ensurepip' 2> /dev/null; then
		package=$$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
		echo "Installing $$package, which Debian keeps apart from Python…"
		{ $(apt) $$package; } || { echo "As root, run: apt-get install $$package — then this again." >&2; exit 1; }
	fi
	[ -e $@ ] || $(PYTHON) -m venv $(VENV)

$(RUN): | $(VENV)/bin/pip
	$(locked)
	[ ! -e $@ ] || exit 0
	echo "Installing requirements.txt…"
	$(pip_install) requirements.txt
	rm -f $(VENV)/installed-*
	touch $@

$(TESTS): $(RUN)
	$(locked)
	[ ! -e $@ ] || exit 0
	echo "Installing tests/requirements.txt…"
	$(pip_install) tests/requirements.txt
	rm -f $(VENV)/installed-tests-*
	touch $@

browser: install-tests
	[ -z "$${CHROMIUM:-}" ] || exit 0
	$(VENV)/bin/python -m tests.browser.chromium && exit 0
	echo "Installing Chromium for the browser tests…"
	{ $(apt) chromium fonts-liberation; } || echo "No Chromium, and this account may not install it: apt-get install chromium" >&2

# What stands around the server in production: tests use PgBouncer, and check our examples with the others.
services: install-tests
	missing=
	for each in pgbouncer:pgbouncer nginx:nginx-light caddy:caddy systemd-analyze:systemd; do
		PATH=$$PATH:/usr/sbin type -P $${each%:*} > /dev/null || missing+=" $${each#*:}"
	done
	[ -z "$$missing" ] || {
		echo "Installing$$missing for the tests of several nodes…"
		{ $(apt) $$missing; } || echo "This account may not install: apt-get install$$missing" >&2
	}

# Running. -------------------------------------------------------------------------------------------------------------

release: install origin ## install, migrate and collect static files, also while other nodes serve
	$(VENV)/bin/python manage.py release --verbosity 0

prepare: release ## release, seed the demo once and say where to go
	$(VENV)/bin/python manage.py demo

# Two processes use two cores. A second thread goes on where the first one waits, for the database or for somebody's
# metadata URL, of which a process fetches one at a time. More threads take turns at Python's lock: with four of them
# eight SCIM clients look up 19 % less a second on SQLite and create 6 % less; on PostgreSQL they look up 8 % more and
# create 6 % less (python -m tests.benchmarks.serving). With one a process they get 13 to 23 % less, and a slow metadata
# URL would hold up everything. Each thread keeps a connection to PostgreSQL.
# granian ends when one worker dies twice within 5.5 seconds; then it is started again. It ends with this shell.
# The server gets a session of its own: its workers hang if Ctrl-C reaches them next to the word of their parent process.
# Told to stop, it answers what has come. No request takes longer than its workers get for that.
# The threads of a worker share one heap: they take turns anyway, and heaps of their own would hold 4 MB more.
# As a module, granian leaves its command line out of the workers: 1.6 MB of each.
serve: export MALLOC_ARENA_MAX = 1
serve: export DRAINING = $(DATA_DIR)/draining-$(PORT)
serve: port origin ## serve what is released (HOST, PORT, WORKERS; DRAIN=10 gives proxies time before it stops)
	export PYTHONPATH=.
	rm -f "$$DRAINING"
	$(VENV)/bin/python -c 'import workspace.wsgi' # says once what is wrong; a worker would be started again and again
	$(VENV)/bin/python -m workspace.logs > "$(DATA_DIR)/granian-log.json"
	server= stopping=
	trap 'stopping=yes; { touch "$$DRAINING"; sleep $(DRAIN); kill $$server; } 2> /dev/null || true' INT TERM HUP
	$(BESIDE)
	until [ "$$stopping" ]; do
		setsid setpriv --pdeathsig TERM \
			$(VENV)/bin/python -m granian --interface wsgi --host $(HOST) --port $(PORT) --http 1 --no-ws --workers $(WORKERS) \
			--blocking-threads $(THREADS) --respawn-failed-workers --workers-kill-timeout 25 \
			--log-level "$$(echo "$${LOG_LEVEL:-info}" | tr A-Z a-z)" --log-config "$(DATA_DIR)/granian-log.json" workspace.wsgi:application &
		server=$$!
		[ -z "$$stopping" ] || kill $$server
		wait $$server || wait $$server || true
		[ "$$stopping" ] || { echo "The server ended by itself. It starts again." >&2; sleep 1; }
	done

# It signs in any demo person, on the next port; without it the server is as good. What it is told has tokens in it, so
# that goes through a pipe. A background process of a script ignores Ctrl-C: `run` ends it after the server.
practice_idp = $(VENV)/bin/python -m provisioning.practice_idp --demo <($(VENV)/bin/python manage.py demo --json)

# What runs by itself: metadata, notices, retention, seals, imports. Each job runs in one of these processes at a time.
jobs = $(VENV)/bin/python manage.py jobs

jobs: install ## run jobs beside a server that runs already
	exec $(jobs)

practice-idp: install ## the practice identity provider alone, beside a server that runs already
	exec $(practice_idp)

port:
	! (exec 3<> /dev/tcp/$(HOST)/$(PORT)) 2> /dev/null || {
		echo "Port $(PORT) is taken on this machine. Stop what listens there, or choose another: make run PORT=9000" >&2; exit 1; }

# Generated URLs begin with this address, also in commands that are not started by make.
origin:
	mkdir -p -m 700 "$(DATA_DIR)"
	[ -n "$${ORIGIN:-}" ] || echo "http://127.0.0.1:$(PORT)" > "$(DATA_DIR)/origin"

# Developing. ----------------------------------------------------------------------------------------------------------

lint: install-tests ## format and lint
	$(VENV)/bin/ruff format --quiet --check . || { echo "Run: make format" >&2; exit 1; }
	$(VENV)/bin/ruff check --quiet .

check: lint ## format, lint, types, licences and known vulnerabilities
	$(VENV)/bin/python -m tests.supply_chain & beside=$$! # it waits for the network, and mypy for a processor
	DATA_DIR=.mypy_cache/data $(VENV)/bin/mypy .
	wait $$beside

licences: install-tests ## list the licences of what the application needs
	$(VENV)/bin/python -m tests.supply_chain licences

sbom: install-tests ## write what the application is made of to sbom.json (CycloneDX)
	$(VENV)/bin/python -m tests.supply_chain sbom sbom.json

measure: install-tests ## sizes, repetition and unused code of each app (WHERE=--where names the places)
	$(VENV)/bin/python -m tests.measure $(WHERE)

picture: browser ## take the picture of the console that README.md shows
	$(VENV)/bin/python -m tests.browser.picture

screenshots: browser ## take pictures of every page into .screenshots (LOCALE=de chooses the language)
	$(VENV)/bin/python -m tests.browser.screenshots $${LOCALE:-en}

format: install-tests ## mend what ruff can mend
	$(VENV)/bin/ruff check --quiet --fix . || true
	$(VENV)/bin/ruff format .

# Extras stay in the locks: without them Debian's pip looks for `name[extra]` itself and finds a release that is not locked.
lock: install-tests ## write the locks anew from pyproject.toml (UPGRADE=--upgrade takes newer versions)
	compile="$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-strip-extras $(UPGRADE)"
	$$compile pyproject.toml --output-file requirements.txt
	$$compile --group test --constraints requirements.txt --output-file tests/requirements.txt
