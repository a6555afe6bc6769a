#!/usr/bin/env bash
# Train on a Slurm cluster: tools/slurm_train.sh PARTITION JOB_NAME CONFIG [ARGS…]; docs/slurm.md has the settings.
. "$(dirname "$0")/launch.sh" || exit
check 'tools/slurm_train.sh PARTITION JOB_NAME CONFIG [ARGS…]' "${3:-}"
by_slurm train.py "$@"
