"""A `sim serve` that runs for the length of a `with` block."""

import os
import select
import signal
import subprocess


class Served:
    """Starts the server on a free port, and stops it as a user would."""

    def __init__(self, *arguments):
        self.command = [os.environ["SIM"], "serve", "--port", "0", "--for", "120", *arguments]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        ready, _, _ = select.select([self.process.stdout], [], [], 10)
        line = self.process.stdout.readline() if ready else ""
        if not line.startswith("listening on http://127.0.0.1:"):
            self.process.kill()
            raise AssertionError(f"{self.command} said {line!r}")
        self.url = line.removeprefix("listening on ").strip()
        return self

    def __exit__(self, kind, error, trace):
        self.process.send_signal(signal.SIGINT)
        try:
            rest, _ = self.process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"{self.command} does not stop") from error
        if error is None:
            assert self.process.returncode == 0, f"exit code {self.process.returncode}"
            assert rest.splitlines()[-1].startswith("stopped: "), rest
