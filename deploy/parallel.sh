#!/bin/bash
# A sweep with GNU parallel: one job a shard, on this host or on those of --sshloginfile.
#
#     SHARDS=64 deploy/parallel.sh --seeds 0..1000000 --profile hostile
#     sim sweep merge "$OUT"
#
# On one host `sim sweep` itself uses every core. This is for several hosts without an engine; they
# share the directory OUT. Run again, it repeats what did not finish.
set -euo pipefail

shards=${SHARDS:-64}
out=${OUT:-$PWD/sweep}
mkdir -p "$out"
# -N0: the number only counts the jobs. PARALLEL_SSH names more options, such as
# `--sshloginfile hosts`.
# shellcheck disable=SC2086
seq "$shards" | parallel -N0 --joblog "$out/joblog" --resume-failed --retries 3 ${PARALLEL_SSH:-} \
    "${SIM:-sim}" sweep --shard "auto/$shards" --out "$out" --jobs 1 "$@"
