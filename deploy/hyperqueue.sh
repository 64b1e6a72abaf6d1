#!/bin/bash
# A sweep as a HyperQueue job: one task a shard. The tasks share the directory OUT.
#
#     SHARDS=64 deploy/hyperqueue.sh --seeds 0..1000000 --profile hostile
#     sim sweep merge "$OUT"
#
# HyperQueue runs the tasks of a lost worker again, and they resume where they stopped. It does not
# say how many tasks there are, so the number is given here once.
set -euo pipefail

shards=${SHARDS:-64}
cpus=${CPUS:-1}
hq submit --name sim-sweep --array "0-$((shards - 1))" --cpus "$cpus" --crash-limit 5 \
    --stdout none --stderr "${OUT:-$PWD/sweep}/%{TASK_ID}.err" --wait \
    -- "${SIM:-sim}" sweep --shard "auto/$shards" --out "${OUT:-$PWD/sweep}" --jobs "$cpus" "$@"
