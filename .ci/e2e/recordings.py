"""`sim live` against `sim serve` and against a mock that nobody here wrote, then `sim replay`.

Every run is recorded from real connections and replayed without any; the replay must reach the
same root. Nothing here knows what a run does, only what its user was promised.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mocks import Aimock, Stubllm
from served import Served

# What a key looks like; it must not be found in anything that a run writes.
KEY = "sk-e2e-0123456789abcdefghijklmnop"

LANE = """
[lane.{lane}]
kind = "{kind}"
model = "any-model"
base_url = "{url}"
{key}stream = {stream}
output = "{output}"
calls_per_minute = 60000
burst = 10000
"""

RETRY = """version = 1
[retry]
timeout_ms = 5000
max_attempts = 10
backoff_ms = 5
max_backoff_ms = 50
"""

KINDS = ("openai", "kimi", "ollama")

# Everything that a driver's own retries get over, but for slowness, which only takes time.
PASSING = (
    "rate_limited,server_error,unavailable,overloaded,connection_reset,"
    "cut_body,malformed_json,mid_stream_error"
)


def lane(name, kind, url, stream):
    """One lane's table of the settings."""
    paths = {"openai": "/v1", "kimi": "", "ollama": ""}
    return LANE.format(
        lane=name,
        kind=kind,
        url=url + paths[kind],
        key="" if kind == "ollama" else 'key_variable = "E2E_KEY"\n',
        stream=str(stream).lower(),
        output="text" if kind == "kimi" else "schema",
    )


def sim(*arguments, scratch):
    """Runs the program; its exit code and its line of JSON."""
    ended = subprocess.run(
        [os.environ["SIM"], *map(str, arguments), "--json"],
        capture_output=True,
        cwd=scratch,
        env={**os.environ, "E2E_KEY": KEY},
        text=True,
        timeout=60,
    )
    assert ended.returncode < 2, f"{arguments}: {ended.returncode} {ended.stderr}"
    return ended.returncode, json.loads(ended.stdout)


def record(name, mission, lanes, scratch, *more, passes=True):
    """Records a run and replays it; its directory."""
    settings = scratch / f"{name}.toml"
    settings.write_text(RETRY + "".join(lanes))
    # By its bare name, which is all that its manifest then has to tell.
    run = scratch / name
    code, live = sim(
        "live", mission, "--workspace", f"{name}.workspace",
        "--out", run.name, "--settings", settings, *more, scratch=scratch,
    )  # fmt: skip
    assert code == 0 or not passes, f"{name}: {live}"
    code, replayed = sim("replay", run, scratch=scratch)
    assert code == 0, f"{name}: {replayed}"
    manifest = json.loads((run / "manifest.json").read_text())
    replay = replayed["replay"]
    assert replay["whole"] and replay["root"] == manifest["root"], (replayed, manifest)
    for file in run.iterdir():
        assert KEY.encode() not in file.read_bytes(), file
    calls = sum('{"kind":"call"' in line for line in (run / "tape.jsonl").read_text().splitlines())
    print(f"  {name}: {calls} calls, the same root again", flush=True)
    return run


def with_serve(scratch, seed):
    """Every protocol, whole and streamed, with and without trouble."""
    scratch = scratch / f"seed-{seed}"
    scratch.mkdir()
    runs = 0
    for chaos in ((), ("--chaos", "20%", "--kinds", PASSING)):
        with Served("--seed", str(seed), *chaos) as served:
            for kind in KINDS:
                for stream in (False, True):
                    way = "streamed" if stream else "whole"
                    name = f"{kind}-{way}-{'chaos' if chaos else 'calm'}"
                    lanes = [lane("p", kind, served.url, stream)]
                    record(name, "ordered-pipeline", lanes, scratch)
                    runs += 1
            if not chaos:
                lanes = [
                    lane("p", "openai", served.url, True),
                    lane("e", "ollama", served.url, False),
                ]
                two = record("two-providers", "ordered-pipeline", lanes, scratch)
                runs += 1
    # The recording of a run is a provider too, as long as the run asks the same.
    with Served("--tape", str(two)) as served:
        lanes = [lane("p", "openai", served.url, True), lane("e", "ollama", served.url, False)]
        record("two-recorded-providers", "ordered-pipeline", lanes, scratch)
        runs += 1
    return runs


# Its streams in Anthropic's form lack their first event, and it does not speak Ollama's.
STUBLLM_WAYS = [("openai", False), ("openai", True), ("kimi", False)]

MISSION = "Write down that the work is done, in notes.txt.\n"

SCRIPT = [
    {"op": "SYS_GOTO", "pointer": "notes.txt"},
    {"op": "SYS_WRITE", "payload": "the work is done\n"},
    {"op": "SYS_EXEC", "cmd": "ls"},
    {"op": "SYS_GOTO", "pointer": "sys://callstack"},
]


def script_lines():
    """The script as what a model says."""
    return [
        json.dumps({"q_next": f"step {number}", "a_t": syscall})
        for number, syscall in enumerate(SCRIPT, 1)
    ]


def with_mock(mock, ways, scratch):
    """A server by other people, for the protocols that it speaks."""
    mission = scratch / "mission.md"
    mission.write_text(MISSION)
    for kind, stream in ways:
        name = f"{mock.__name__.lower()}-{kind}-{'streamed' if stream else 'whole'}"
        # A mission works on what is there; a scenario makes its own.
        workspace = scratch / f"{name}.workspace"
        workspace.mkdir()
        with mock(script_lines(), kind, scratch) as mocked:
            # The script never halts, and so the run stops at its limit.
            limit = ("--max-ticks", len(SCRIPT))
            lanes = [lane("p", kind, mocked.url, stream)]
            record(name, mission, lanes, scratch, *limit, passes=False)
        assert (workspace / "notes.txt").read_text() == "the work is done\n"
    return len(ways)


def main():
    # Whatever hangs, the script does not.
    signal.alarm(150 * int(os.environ.get("E2E_ROUNDS", "1")))
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        # 8 rounds are more than a hundred recordings.
        rounds = int(os.environ.get("E2E_ROUNDS", "1"))
        runs = sum(with_serve(scratch, seed) for seed in range(21, 21 + rounds))
        runs += with_mock(Stubllm, STUBLLM_WAYS, scratch)
        if "LLMOCK" in os.environ:
            ways = [(kind, stream) for kind in KINDS for stream in (False, True)]
            runs += with_mock(Aimock, ways, scratch)
        else:
            print("  aimock: left out, because there is no Node 20.15 or later with npm")
    print(f"{runs} recordings replayed to the same root in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
