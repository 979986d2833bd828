# Everything runs in an environment of its own, .venv, that the first target makes. ROS 2 need not be installed.
#
#   make run                     a simulated robot learns (TASK=a1_walk; without pybullet go2_walk), then shows it
#   make run TASK=xarm_reach ARGS="--seed 1"
#   make test                    linters, types, tests        make test-fast    the tests that need no ROS
#   make bench BENCH=planner     one benchmark of bench/      make clean        removes .venv and what was built
#   make docs                    these pages and those of the API as a site, in build/docs/
#   make mutants                 small faults, one at a time, in what must not be wrong unnoticed (MUTANTS='ros_rl.wire*')

ARGS ?=
BENCH ?=
DOCS_BUILDER ?= html
MUTANTS ?=
PYTEST_ARGS ?=
PYTHON ?= python3
VENV ?= .venv
# Named before the other packages, so that they take this one. Another build of torch: make run TORCH=...
TORCH ?= torch==2.13.0

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check

# The extra that brings the simulator. There is no wheel of pybullet from Python 3.12 on: it is compiled if it can be, and
# MuJoCo takes its place if not.
ifndef SIM
SIM := $(shell $(firstword $(wildcard $(BIN)/python) $(PYTHON)) -c "import importlib.util, os, shutil, sys, sysconfig; \
  header = os.path.join(sysconfig.get_path('include'), 'Python.h'); \
  builds = sys.version_info < (3, 12) or (shutil.which('c++') and os.path.exists(header)); \
  print('sim' if builds or importlib.util.find_spec('pybullet') else 'mujoco')" 2>/dev/null)
endif
ifeq ($(SIM),mujoco)
TASK ?= go2_walk
else
TASK ?= a1_walk
endif

# Which libraries the ROS 2 wheels find is settled anew by each process that a target starts.
unexport _ROS_WHEELS_BOOTSTRAP_COMPLETE
ifdef ROS_DISTRO
# A sourced ROS 2 and the wheels in .venv are two distributions: they must not meet in one process.
unexport AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_PREFIX_PATH LD_LIBRARY_PATH PYTHONPATH
unexport RMW_IMPLEMENTATION ROS_DISTRO ROS_PYTHON_VERSION ROS_VERSION
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test test-fast mutants docs bench clean

help:
	@sed -n '/^$$/q; s/^# \{0,1\}//p' Makefile

run: $(VENV)/.has-learn $(VENV)/.has-$(SIM) $(VENV)/.has-ros
	@$(BIN)/ros-rl train $(TASK) $(ARGS)

# small networks: two threads gain little, and on a busy machine they wait for each other
test test-fast mutants: export OMP_NUM_THREADS := 1

test: $(VENV)/.has-learn $(VENV)/.has-$(SIM) $(VENV)/.has-gym $(VENV)/.has-ros $(VENV)/.has-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then echo "$(BIN)/mypy"; $(BIN)/mypy; \
	  else echo "types are not checked on Python 3.10: its newest numpy tells less of its own"; fi
	$(BIN)/python -m pytest -n 2 --dist loadfile $(PYTEST_ARGS)

test-fast: $(VENV)/.has-learn $(VENV)/.has-$(SIM) $(VENV)/.has-gym $(VENV)/.has-dev
	$(BIN)/python -m pytest -m "not ros" -n 2 --dist loadfile $(PYTEST_ARGS)

# What was tried is kept in mutants/, so a run that was stopped goes on; remove the folder to begin anew.
mutants: $(VENV)/.has-learn $(VENV)/.has-$(SIM) $(VENV)/.has-gym $(VENV)/.has-ros $(VENV)/.has-dev
	$(BIN)/python -m mutmut run --max-children 1 $(MUTANTS)
	$(BIN)/python test/helpers/mutants.py

# A warning, such as a link that leads nowhere, is an error. DOCS_BUILDER=dummy finds them all, in a third of the time, and writes nothing.
docs: $(VENV)/.has-docs
	$(BIN)/python -m sphinx -q -W --keep-going -j auto -b $(DOCS_BUILDER) -c docs . build/docs
	@[ $(DOCS_BUILDER) != html ] || echo "build/docs/index.html"

ifeq ($(wildcard bench/$(strip $(BENCH)).py),)
bench:
	@echo "which one? make bench BENCH=<name> [ARGS=...], with a name of:"; \
	  ls bench | sed -n 's/^\([^_].*\)\.py$$/  \1/p'; exit 2
else
bench: $(VENV)/.has-learn $(VENV)/.has-$(SIM) $(VENV)/.has-gym $(VENV)/.has-ros $(VENV)/.has-bench
	@$(BIN)/python bench/$(BENCH).py $(ARGS)
endif

clean:
	rm -rf $(VENV) build install log *.egg-info .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# COLCON_IGNORE keeps colcon, started in a workspace around this checkout, from looking for packages in .venv.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "ros_rl needs Python 3.10 or newer; name one: make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 2; }
	@touch $(VENV)/COLCON_IGNORE

# One stamp for each of the package's extras; it is installed again when the files that name the packages change.
$(VENV)/.has-%: setup.py pyproject.toml package.xml | $(BIN)/python
	@echo "Installing what ros_rl[$*] needs into $(VENV) (once) ..."
	@$(if $(filter learn,$*),$(PIP) "$(TORCH)")
	@$(if $(and $(filter mujoco,$*),$(filter file,$(origin SIM))),echo "pybullet has no wheel for this Python and no compiler is here: MuJoCo takes its place" \
	  "(sudo apt install build-essential python3-dev && make SIM=sim ... has pybullet compiled)")
	@$(PIP) -e ".[$*]"
	@touch $@
