#!/usr/bin/env bash
# Test on a Slurm cluster, from the project's root with MMAction2's own script: tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [ARGS…]
script=$(python -m mmaction_microaction.upstream slurm_test.sh) && exec bash "$script" "$@"
