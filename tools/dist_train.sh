#!/usr/bin/env bash
# Train in several processes of one or more machines: tools/dist_train.sh CONFIG GPUS [ARGS…]
. "$(dirname "$0")/launch.sh" || exit
check 'tools/dist_train.sh CONFIG GPUS [ARGS…]' "${2:+$1}"
by_torchrun train.py "$2" "$1" "${@:3}"
