# shellcheck shell=bash
# What dist_train.sh, dist_test.sh, slurm_train.sh and slurm_test.sh share: they read this file.
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit

fail() {
    echo "error: $*" >&2
    exit 1
}

# check USAGE CONFIG: stop with one line, instead of one for every process, where no process could start.
check() {
    python -c 'import sys; del sys.path[0]; from importlib.util import find_spec
sys.exit(not all(map(find_spec, ["torch", "mmaction", "mmaction_microaction"])))' 2>/dev/null ||
        fail "the Python on PATH lacks mmaction-microaction: activate its environment, as by . $(dirname "$tools")/.venv/bin/activate"
    [ -n "$2" ] || fail "usage: $1"
    [ -f "$2" ] || fail "$2: no such config, seen from $PWD"
}

# by_torchrun SCRIPT PROCESSES ARGS…
by_torchrun() {
    # Two runs on one machine need two ports. The machines of one run have to agree on theirs.
    if [ "${NNODES:-1}" = 1 ] && [ -z "${PORT:-}" ]; then
        PORT=$(python -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')
    fi
    set -x
    exec python -m torch.distributed.run --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" \
        --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}" --nproc_per_node="$2" \
        "$tools/$1" --launcher pytorch "${@:3}"
}

# by_slurm SCRIPT PARTITION JOB_NAME ARGS…
by_slurm() {
    local options=(--job-name="$3" --kill-on-bad-exit=1) more nodes node_gpus node_cpus
    if [ -n "${SLURM_JOB_ID:-}" ]; then
        # Within a job: its processes, nodes and GPUs, and what does not pass from a job to its steps by itself.
        CPUS_PER_TASK=${CPUS_PER_TASK:-${SLURM_CPUS_PER_TASK:-}}
    else
        # The smallest nodes that have GPUs, or the smallest of all.
        nodes=$(sinfo --noheader --exact --partition="$2" --format='%G %c') || exit
        [ -n "$nodes" ] || fail "$2: no such partition; sinfo lists them"
        read -r node_gpus node_cpus < <(awk '
            {
                gpus = 0
                while (match($1, /gpu(:[^:,(]+)?:[0-9]+/)) {
                    count = substr($1, RSTART, RLENGTH)
                    $1 = substr($1, RSTART + RLENGTH)
                    sub(/.*:/, "", count)
                    gpus += count
                }
                if (!lines++ || (gpus && (!fewest || gpus < fewest))) fewest = gpus
                if (!cpus[!gpus] || $2 < cpus[!gpus]) cpus[!gpus] = $2
            }
            END { print fewest, cpus[!fewest] }' <<<"$nodes")
        GPUS=${GPUS:-$((node_gpus > 0 ? node_gpus : 1))}
        GPUS_PER_NODE=${GPUS_PER_NODE:-$node_gpus}
        GPUS_PER_NODE=$((GPUS_PER_NODE < GPUS ? GPUS_PER_NODE : GPUS))
        node_cpus=$((node_cpus / (GPUS_PER_NODE > 0 ? GPUS_PER_NODE : GPUS)))
        CPUS_PER_TASK=${CPUS_PER_TASK:-$((node_cpus > 5 ? 5 : node_cpus > 0 ? node_cpus : 1))}
        options+=(--partition="$2")
        if [ "$node_gpus" -gt 0 ] && [ "$GPUS_PER_NODE" -gt 0 ]; then options+=(--gres=gpu:"$GPUS_PER_NODE"); fi
    fi
    [ -z "${GPUS:-}" ] || options+=(--ntasks="$GPUS")
    [ "${GPUS_PER_NODE:-0}" = 0 ] || options+=(--ntasks-per-node="$GPUS_PER_NODE")
    [ -z "$CPUS_PER_TASK" ] || options+=(--cpus-per-task="$CPUS_PER_TASK")
    read -ra more <<<"${SRUN_ARGS:-}"
    export MASTER_PORT=${PORT:-${MASTER_PORT:-$((12000 + RANDOM % 20000))}}
    set -x
    exec srun "${options[@]}" "${more[@]}" python -u "$tools/$1" --launcher slurm "${@:4}"
}
