# make install, make test, make lint; each installs what it needs into .venv and repeats in seconds.
PYTHON ?= python3
VENV ?= .venv
# PyTorch where Python has none yet: its CPU build, without gigabytes of CUDA libraries.
TORCH ?= torch==2.13.0
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
has = $(BIN)/python -c 'import $(1)' 2>/dev/null

.PHONY: install test lint

install: $(VENV)/.installed

# A PyTorch or mmcv that $(PYTHON) has already, with GPU support say, is seen from the environment and kept.
$(BIN)/python:
	$(PYTHON) -m venv $$($(PYTHON) -c 'import torch' 2>/dev/null && echo --system-site-packages) $(VENV)

# OpenCV's usual wheels need the system's libGL; on a machine without it their headless twin takes their place.
$(VENV)/.installed: setup.py constraints.txt Makefile | $(BIN)/python
	@echo 'Installing into $(VENV); this takes some minutes the first time.'
	@$(PIP) --constraint constraints.txt setuptools wheel
	@$(call has,torch) || $(PIP) --no-deps --retries 1 --extra-index-url $(TORCH_INDEX) '$(TORCH)'
	@$(PIP) --constraint constraints.txt --no-build-isolation --editable \
		".[embeddings,dev$$($(call has,mmcv) || echo ,lite)]"
	@$(call has,cv2) || $(PIP) --constraint constraints.txt --no-deps --force-reinstall opencv-contrib-python-headless
	@touch $@
	@echo 'Done. Activate it with: . $(BIN)/activate'

test: install
	$(BIN)/python -m pytest

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
