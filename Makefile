# Needs python3 (3.11 or later), make, and a package index that pip can reach; makes its own .venv. No Java.
#
# Where packages come from is this machine's business (pip's own configuration); which versions, and where they go, is
# not: versions are those of requirements/, with no resolving, and nothing of the caller's Python reaches .venv.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
REKEYSPEC := $(VENV)/bin/rekeyspec

unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONWARNINGS
unexport PIP_TARGET PIP_PREFIX PIP_ROOT PIP_USER PIP_CONSTRAINT PIP_REQUIREMENT PIP_REQUIRE_HASHES
export PYTHONNOUSERSITE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

INSTALL := $(PY) -m pip install --quiet --no-user --no-deps
COMPLETE := $(PY) -m pip check

# $(call say,NAME,COMMAND): one line when it goes well, all of its output when it does not.
say = @printf '%-28s' '$(1)'; out=$$($(2) 2>&1) && echo ok || { echo FAILED; printf '%s\n' "$$out"; exit 1; }

.PHONY: help setup check peers test lint model spec selftest docs soak fuzz bench regression full record lock clean
.DELETE_ON_ERROR:

help:
	@echo 'make check   judge the reference and asyncssh by the rules; writes report/report.html'
	@echo 'make peers   judge every real program that is installed, three times; writes report/peers.html'
	@echo 'make test    ruff, mypy, import-linter, pytest'
	@echo 'make lint    the same without pytest'
	@echo 'make model   the model checker, every model'
	@echo 'make spec    mutants, bisimulation, findings, timers, tours of the models'
	@echo 'make selftest  every mutant caught, and no false alarm; needs cc, rustc and a JDK'
	@echo 'make docs    the documentation as a site, in site/'
	@echo 'make soak    a thousand links, a million messages'
	@echo 'make fuzz    five million inputs of the link'
	@echo 'make bench   how fast it is; quote medians and ratios of one run'
	@echo 'make regression  has it become slower than the baseline? (ratios of one run)'
	@echo 'make full    what takes long: model, spec, selftest, peers, soak, fuzz, bench'
	@echo 'make record  the same, and what it printed goes into docs/full-run.txt'
	@echo 'make setup   install everything into .venv'
	@echo 'make lock    remake requirements/ from pyproject.toml'
	@echo 'make clean   remove what was made, .venv too'

# check: exit 1 of rekeyspec says that a target violates a rule, which is what a demo of a real program may find.
check: $(VENV)/.project
	@mkdir -p report
	@$(REKEYSPEC) check reference peer:asyncssh --report report/report.html --evidence report/evidence; code=$$?; \
	case $$code in \
	0) echo 'check: no violation found; see report/report.html' ;; \
	1) echo 'check: violations found, which are findings and no failure of this demo; see report/report.html' ;; \
	*) echo "check: failed (exit $$code)" >&2; exit $$code ;; \
	esac

# peers: what it finds at real programs is no failure either; what changed since the run that docs/peers.md shows is told.
peers: $(VENV)/.full
	@mkdir -p report
	@$(REKEYSPEC) peers
	@$(REKEYSPEC) check peer:all --report report/peers.html --json report/peers.json --evidence report/evidence; code=$$?; \
	test $$code -le 1 || { echo "peers: a program is broken (exit $$code)" >&2; exit $$code; }
	@$(REKEYSPEC) diff docs/peers/run.json report/peers.json || true

test: lint
	@$(PY) -m pytest -q

lint: $(VENV)/.full
	$(call say,ruff check,$(PY) -m ruff check .)
	$(call say,ruff format,$(PY) -m ruff format --check .)
	$(call say,mypy,$(PY) -m mypy && $(PY) -m mypy fuzz)
	$(call say,import-linter,$(VENV)/bin/lint-imports)

model: $(VENV)/.full
	@$(REKEYSPEC) model check

# spec: all that holds the specification, the reference and the findings together; most of an hour on two cores.
spec: $(VENV)/.full
	@$(REKEYSPEC) model mutants
	@$(REKEYSPEC) model bisimulate --mutants
	@$(REKEYSPEC) model findings
	@$(REKEYSPEC) model timers
	@$(REKEYSPEC) model traces --coverage

# selftest: every mutant, 100,000 interleavings of the reference and 10,000 of each example.
BUILT := build/examples
selftest: $(VENV)/.full
	@mkdir -p $(BUILT)
	@cc -O2 -std=c11 -o $(BUILT)/link-c examples/adapters/link.c
	@rustc -O --edition 2021 -o $(BUILT)/link-rust examples/adapters/link.rs
	@javac -d $(BUILT) examples/adapters/Link.java
	@$(REKEYSPEC) selftest exec:'python3 examples/adapters/link.py' exec:'node examples/adapters/link.mjs' \
		exec:$(BUILT)/link-c exec:$(BUILT)/link-rust exec:'java -cp $(BUILT) Link'

# docs: the site, built strictly into site/ (MkDocs counts no warning when it is told to be quiet).
docs: $(VENV)/.full
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict --site-dir site

# bench: nothing else should run beside it.
bench: $(VENV)/.full
	@for one in explore campaign reports audit wire speed; do echo "== $$one"; $(PY) -m rekeyspec.benchmarks.$$one || exit 1; done
	@echo '== cost'; $(REKEYSPEC) bench cost --output build/bench
	@echo '== policies'; $(REKEYSPEC) bench policies --costs build/bench/cost.json --output build/bench
	@echo '== agreement'; $(PY) -m rekeyspec.benchmarks.policies.agreement --links 1000
	@echo '== fleet'; $(REKEYSPEC) bench fleet --costs build/bench/cost.json --output build/bench

# regression: is any ratio beyond the tolerance of the one that is kept?
regression: $(VENV)/.full
	@$(PY) -m rekeyspec.benchmarks.regression

# soak: a thousand links, a million messages; some minutes.
soak: $(VENV)/.full
	@$(PY) -m rekeyspec.tools.soak

# fuzz: five million inputs of the link; an hour or two.
fuzz: $(VENV)/.full
	@$(PY) -m fuzz.run --inputs 5000000 --longest 16
	@$(PY) -m fuzz.run --harness parsers --inputs 500000

# full: all that .ci/run has no time for.
full:
	@$(MAKE) --no-print-directory model
	@$(MAKE) --no-print-directory spec
	@$(MAKE) --no-print-directory selftest
	@$(MAKE) --no-print-directory peers
	@$(MAKE) --no-print-directory soak
	@$(MAKE) --no-print-directory fuzz
	@$(MAKE) --no-print-directory bench

# record: the file is only replaced by the record of a run that went well. (A line with MAKE's own name in it would be
# run by make -n too.)
RECORD := docs/full-run.txt
RECORDED = $(MAKE)
record: $(VENV)/.full
	@tmp=$$(mktemp); { git describe --always --dirty; date -u +%F; nproc; uname -sm; } | paste -sd' ' > $$tmp; \
	bash -o pipefail -c '$(RECORDED) --no-print-directory full 2>&1 | tee -a '$$tmp && date -u +'%F %T, exit 0' >> $$tmp && \
	sed 's|$(CURDIR)/||g' $$tmp > $(RECORD) && rm $$tmp

setup: $(VENV)/.cluster

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "$(PYTHON) is not Python 3.11 or later; name one that is: make PYTHON=python3.12" >&2; exit 1; }
	$(call say,making $(VENV),$(PYTHON) -m venv --clear $(VENV))
	@touch $@

# Each stamp waits for the one before it, so that two pips never write to .venv at once under make -j.
$(VENV)/.light: requirements/light.txt $(VENV)/.made
	$(call say,installing light.txt,$(INSTALL) -r $<)
	@touch $@

$(VENV)/.project: pyproject.toml $(VENV)/.light
	$(call say,installing the project,$(INSTALL) --no-build-isolation -e . && $(COMPLETE))
	@touch $@

$(VENV)/.full: requirements/full.txt $(VENV)/.project
	$(call say,installing full.txt,$(INSTALL) -r $< && $(COMPLETE))
	@touch $@

$(VENV)/.cluster: requirements/cluster.txt $(VENV)/.full
	$(call say,installing cluster.txt,$(INSTALL) -r $< && $(COMPLETE))
	@touch $@

# The largest set is resolved once, and the others are parts of it, so that a version is the same wherever it stands.
EXTRAS_light := peers
EXTRAS_full := peers,model,wire,validate,explore,pytest,fuzz,bench,docs,dev
EXTRAS_cluster := $(EXTRAS_full),cluster

lock:
	@tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && : > "$$tmp/pins" && \
	$(foreach set,cluster full light,$(call resolve,$(set)) &&) \
	$(foreach set,cluster full light,cp "$$tmp/$(set).txt" requirements/ &&) echo 'requirements/ remade'

resolve = printf '%-28s\n' 'resolving $(1)' && $(PYTHON) -m venv "$$tmp/$(1)" && \
	"$$tmp/$(1)/bin/python" -m pip install --quiet --no-user --upgrade -c "$$tmp/pins" \
		setuptools -e '.[$(EXTRAS_$(1))]' && \
	"$$tmp/$(1)/bin/python" -m pip check && \
	"$$tmp/$(1)/bin/python" -m pip freeze --all --exclude pip --exclude rekeyspec > "$$tmp/$(1).txt" && \
	{ [ -s "$$tmp/pins" ] || cp "$$tmp/$(1).txt" "$$tmp/pins"; }

clean:
	rm -rf $(VENV) report site build dist src/*.egg-info .coverage .hypothesis
	rm -rf .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
