#!/usr/bin/env bash
# Train on a Slurm cluster, from the project's root with MMAction2's own script: tools/slurm_train.sh PARTITION JOB_NAME CONFIG [ARGS…]
script=$(python -m mmaction_microaction.upstream slurm_train.sh) && exec bash "$script" "$@"
