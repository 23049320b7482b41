# Everything that one does with this checkout. `make` alone lists the targets.

.DEFAULT_GOAL := help
PYTHON_ENV := .venv/bin
# One more than there are processors: tests wait for servers half of their time.
TEST_WORKERS ?= $(shell expr $$(nproc) + 1)
# cupsd and ippeveprinter are administrators' programs, which are not on everybody's PATH.
export PATH := $(PATH):/usr/sbin:/sbin
# What is compiled is kept: tests start a hundred servers, each of which would compile its libraries anew.
unexport PYTHONDONTWRITEBYTECODE

EVIDENCE := docs/evidence

.PHONY: help setup demo up test faults test-regions bench bench-batch manifests images-chroot sbom lint format docs lock clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

setup:  ## install what is missing: Debian packages, .venv
	@sh setup/install.sh

demo: setup  ## print five documents on real printers and look at the paper
	@$(PYTHON_ENV)/python -m demo

up: export PRINTBUS_PRINTERS ?= ["file://$(CURDIR)/paper?name=Paper","cups://localhost:631"]
up: setup  ## run everything in the foreground: this machine's CUPS printers and ./paper
	@$(PYTHON_ENV)/python -m services

test: setup  ## run the whole suite (PYTEST_ARGS="-k agent" for a part)
	@$(PYTHON_ENV)/pytest -n $(TEST_WORKERS) --maxprocesses 4 --dist loadscope --no-loadscope-reorder $(PYTEST_ARGS)

faults: setup  ## run all forty rows of faults in full and write docs/evidence/faults.md (FAULTS_ARGS="-k row_09" for some)
	@$(PYTHON_ENV)/pytest tests/faults --faults $(EVIDENCE) -n 2 --dist loadscope $(FAULTS_ARGS)

test-regions: setup  ## run all tests of regions and sites in full, also in network namespaces (REGIONS_ARGS="-k site" for some)
	@$(PYTHON_ENV)/pytest tests/regions --regions -n 1 --dist loadscope $(REGIONS_ARGS)

bench: setup  ## measure P1 to P10 against their peers and write docs/evidence/bench.md (ONLY=P3 for one, BENCH_ARGS)
	@$(PYTHON_ENV)/python -m bench --only "$(ONLY)" --out $(EVIDENCE) $(BENCH_ARGS)

bench-batch: setup  ## of these, a batch of 10,000 tasks against a loop of lp: P2 and P3 (BENCH_ARGS="--rounds 1")
	@$(PYTHON_ENV)/python -m bench --only P2,P3 --out $(EVIDENCE) $(BENCH_ARGS)

manifests: setup  ## render every overlay of deploy/k8s and check it without a cluster
	@$(PYTHON_ENV)/python -m deploy.check

images-chroot: setup  ## build the images of docker/Dockerfile without Docker, start all services from them, print (root; minutes, 5 GB)
	@$(PYTHON_ENV)/python -m deploy.images print $(IMAGES_ARGS)

sbom: setup  ## what is in each image, as CycloneDX, into .setup/bom (Debian packages of those that images-chroot built)
	@$(PYTHON_ENV)/python -m deploy.images sbom

lint: setup  ## look, change nothing: style, types, import rules
	@$(PYTHON_ENV)/ruff check . && $(PYTHON_ENV)/ruff format --check . && $(PYTHON_ENV)/mypy && $(PYTHON_ENV)/lint-imports

format: setup  ## put the code into its style
	@$(PYTHON_ENV)/ruff check --fix . && $(PYTHON_ENV)/ruff format .

docs: setup  ## generate docs/api and the tables of settings, commands, streams, metrics
	@$(PYTHON_ENV)/python -m docs.generate

lock: setup  ## pin what pyproject.toml asks for into requirements.lock
	@$(PYTHON_ENV)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group dev -o requirements.lock && sh docker/packages.sh $(PYTHON_ENV)/uv

clean:  ## remove what can be made again (data/ and paper/ stay)
	@rm -rf .venv .setup .*_cache .hypothesis && find . -name __pycache__ -prune -exec rm -rf {} +
