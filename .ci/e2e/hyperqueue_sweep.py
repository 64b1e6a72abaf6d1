"""A sweep as a HyperQueue job of 64 tasks, on a server and two workers inside this process."""

import os
import sys
from pathlib import Path

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig

SHARDS = 64


def main() -> None:
    out, *sweep = sys.argv[1:]
    scratch = Path(out + "-server")
    scratch.mkdir(exist_ok=True)
    with LocalCluster(str(scratch / str(os.getpid()))) as cluster:
        for _ in range(2):
            cluster.start_worker(WorkerConfig(cores=1))
        job = Job()
        command = [os.environ["SIM"], "sweep", "--shard", f"auto/{SHARDS}", "--out", out]
        for _ in range(SHARDS):
            job.program([*command, "--jobs", "1", *sweep], cwd=str(scratch), stdout=None)
        client = cluster.client()
        client.wait_for_jobs([client.submit(job)])


if __name__ == "__main__":
    main()
