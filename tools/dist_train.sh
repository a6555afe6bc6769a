#!/usr/bin/env bash
# Train on the GPUs of one or more machines with MMAction2's own script: tools/dist_train.sh CONFIG GPUS [ARGS…]
script=$(python -m mmaction_microaction.upstream dist_train.sh) && exec bash "$script" "$@"
