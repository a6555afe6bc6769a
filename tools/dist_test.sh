#!/usr/bin/env bash
# Test in several processes of one or more machines: tools/dist_test.sh CONFIG CHECKPOINT GPUS [ARGS…]
. "$(dirname "$0")/launch.sh" || exit
check 'tools/dist_test.sh CONFIG CHECKPOINT GPUS [ARGS…]' "${3:+$1}"
by_torchrun test.py "$3" "$1" "$2" "${@:4}"
