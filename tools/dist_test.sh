#!/usr/bin/env bash
# Test on the GPUs of one machine with MMAction2's own script: tools/dist_test.sh CONFIG CHECKPOINT GPUS [ARGS…]
script=$(python -m mmaction_microaction.upstream dist_test.sh) && exec bash "$script" "$@"
