#!/usr/bin/env bash
# Test on a Slurm cluster: tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [ARGS…]; docs/slurm.md has the settings.
. "$(dirname "$0")/launch.sh" || exit
check 'tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [ARGS…]' "${4:+$3}"
by_slurm test.py "$@"
