#!/bin/bash
# A sweep as a Slurm array: one task a shard. The tasks share the directory OUT.
#
#     sbatch --array=0-63 deploy/slurm.sh --seeds 0..1000000 --profile hostile
#     sim sweep merge "$OUT"
#
# A task on a lost node is queued again and resumes where it stopped; SIGTERM comes a minute before
# the time limit ends it. Shards should last minutes: starting a task costs about a second.
#SBATCH --job-name=sim-sweep
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=2
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=TERM@60
set -euo pipefail

# `exec`, so that signals reach the sweep; a task has the cores that it was given, and no more.
exec "${SIM:-sim}" sweep --shard auto --out "${OUT:-$PWD/sweep}" \
    --jobs "${SLURM_CPUS_PER_TASK:-1}" "$@"
