"""Two mock providers by other people, each answering its calls with the lines of a script."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path


class Mock:
    """A server in a process of its own, for the length of a `with` block."""

    def __init__(self, answers, kind, scratch):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        script = scratch / "script.json"
        script.write_text(json.dumps({"fixtures": self.fixtures(answers, kind)}))
        self.command = self.command_for(str(script))

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.1)
        self.process.kill()
        raise AssertionError(f"{self.command} does not listen")

    def __exit__(self, kind, error, trace):
        self.process.terminate()
        self.process.wait(15)


class Stubllm(Mock):
    """stubllm, from PyPI."""

    def fixtures(self, answers, kind):
        # It says "stop" in both forms unless it is told the word.
        finish = {"finish_reason": "end_turn"} if kind == "kimi" else {}
        return [{"sequence": [{"content": answer, **finish} for answer in answers]}]

    def command_for(self, script):
        program = Path(sys.executable).with_name("stubllm")
        return [
            str(program), "serve", "--port", str(self.port),
            "--fixture-file", script, "--log-level", "warning",
        ]  # fmt: skip


class Aimock(Mock):
    """@copilotkit/aimock, from npm."""

    def fixtures(self, answers, kind):
        return [
            {
                "match": {"userMessage": "[STATE_REGISTER]", "sequenceIndex": index},
                "response": {"content": answer},
            }
            for index, answer in enumerate(answers)
        ]

    def command_for(self, script):
        return [
            "node", os.environ["LLMOCK"], "--port", str(self.port),
            "--fixtures", script, "--log-level", "warn", "--strict",
        ]  # fmt: skip
