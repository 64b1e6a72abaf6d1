"""Records the runs of `corpus/transcripts/` anew, into the directory that is given.

Each run is short, is replayed at once, and has to be fit for everybody to read: no path, address,
key or account of the machine that it was recorded on.
"""

import getpass
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path

from mocks import Aimock, Stubllm
from recordings import KEY, MISSION, PASSING, SCRIPT, lane, record, script_lines
from served import Served

# Of what `sim serve` says, the first ticks are enough: a prompt fills most of a recording.
SERVED_TICKS = ("--max-ticks", 4)
TROUBLED_TICKS = ("--max-ticks", 3)

SEED = "42"


def served_runs(scratch):
    """Every protocol, in one way or the other, and one run with each of the harder things."""

    def single(name, kind, stream, chaos=(), limit=SERVED_TICKS):
        with Served("--seed", SEED, *chaos) as served:
            lanes = [lane("p", kind, served.url, stream)]
            yield record(name, "ordered-pipeline", lanes, scratch, *limit, passes=False)

    yield from single("openai-whole", "openai", False)
    yield from single("kimi-streamed", "kimi", True)
    yield from single("ollama-whole", "ollama", False)
    chaos = ("--chaos", "40%", "--kinds", PASSING)
    yield from single("openai-streamed-chaos", "openai", True, chaos, TROUBLED_TICKS)
    with Served("--seed", SEED) as served:
        lanes = [lane("p", "kimi", served.url, False), lane("e", "ollama", served.url, True)]
        name = "two-providers"
        yield record(name, "ordered-pipeline", lanes, scratch, *SERVED_TICKS, passes=False)


def mocked_runs(scratch):
    """What servers by other people answer, until the script of four answers is at its end."""
    mission = scratch / "mission.md"
    mission.write_text(MISSION)
    for mock, kind, stream in [
        (Stubllm, "openai", True),
        (Aimock, "ollama", True),
        (Aimock, "kimi", False),
    ]:
        name = f"{mock.__name__.lower()}-{kind}-{'streamed' if stream else 'whole'}"
        (scratch / f"{name}.workspace").mkdir()
        with mock(script_lines(), kind, scratch) as mocked:
            lanes = [lane("p", kind, mocked.url, stream)]
            limit = ("--max-ticks", len(SCRIPT))
            yield record(name, mission, lanes, scratch, *limit, passes=False)


def scrubbed(run, scratch):
    """Refuses a recording that names this machine."""
    parts = ["/tmp", "/home", "/root", "http://", "https://", "E2E_KEY", "sk-", "Bearer", "date:"]
    words = ["127.0.0.1", "localhost", socket.gethostname()]
    # A manifest has a member of that name.
    if getpass.getuser() != "root":
        words.append(getpass.getuser())
    told = re.compile(
        "|".join(map(re.escape, [str(scratch), KEY, *parts]))
        + "|"
        + "|".join(rf"\b{re.escape(word)}\b" for word in words)
    )
    for file in run.iterdir():
        found = told.findall(file.read_text())
        assert not found, f"{run.name}/{file.name} contains {found}"


def main():
    signal.alarm(150)
    kept = Path(sys.argv[1])
    assert "LLMOCK" in os.environ, "one of the mocks needs Node 20.15 or later with npm"
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        for run in (*served_runs(scratch), *mocked_runs(scratch)):
            scrubbed(run, scratch)
            shutil.rmtree(kept / run.name, ignore_errors=True)
            shutil.copytree(run, kept / run.name)


if __name__ == "__main__":
    sys.exit(main())
