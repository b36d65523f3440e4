# python3 and make are all that has to be there: `make lab`, `make course`, `make test`.
PY := $(or $(PY),$(shell for p in python3.12 python3.13 python3.11 python3; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done))
V := .venv
RUN := $(V)/bin/vostutor
PYTEST := $(V)/bin/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help setup system lab course test proof build picture pages benchmark clean

help: ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(V)/.stamp ## install everything into .venv

$(V)/.stamp: pyproject.toml constraints.txt
	@test -n "$(PY)" || { echo "vostutor needs Python 3.11 or newer, e.g. apt install python3 python3-venv"; exit 1; }
	$(PY) -m venv $(V) || { rm -rf $(V); echo "no venv for $(PY): apt install python3-venv (or the like), then make again"; exit 1; }
	$(V)/bin/pip install -q --disable-pip-version-check uv==0.13.8
	$(V)/bin/uv pip install -q --python $(V)/bin/python -c constraints.txt -e '.[dev]'
	@touch $@

system: ## a browser for the browser tests, where apt and the rights are there
	@sh tests/system.sh

lab: setup ## open JupyterLab on lesson 00
	$(RUN) lab 00

course: setup ## execute every lesson, smoke and cpu profile; renews the README's table of costs
	rm -rf build/course
	@failed=0; for profile in smoke cpu; do $(RUN) run --profile $$profile --out build/course/$$profile || failed=1; done; \
	$(V)/bin/python -m vostutor.course.costs build/course/*/budgets.json && exit $$failed

test: setup system ## all tests
	$(PYTEST) tests -n 2 --dist loadscope --no-loadscope-reorder

proof: setup ## every wrong and right answer of every exercise, 20 seeds; writes data/proof and docs/proof.md
	$(V)/bin/python -m tests.exercises.proof

build: setup ## masters -> student notebooks and executed solutions
	$(RUN) build --execute

picture: setup system ## the README's picture, taken by the browser test
	$(PYTEST) -q tests/test_browser.py
	$(V)/bin/python -c "from PIL import Image; Image.open('build/browser/lesson_00.png').convert('RGB').crop((0, 0, 1280, 1080)).quantize(256, dither=0).save('docs/course.png', optimize=True)"

pages: setup ## sampled clips of every label, to be looked at, in docs/minivos
	$(V)/bin/python -m vostutor.course.pages docs/minivos

benchmark: setup ## what the README and the notes say about speed
	$(V)/bin/python benchmarks/run.py

clean: ## remove what was made, keep .venv
	rm -rf build .pytest_cache .ruff_cache
