"""`sim serve` as the official clients of its providers see it.

Each check is a function that raises on the first thing that is not as it should be. Nothing here
knows how an answer is made: only what a client was promised.
"""

import os
import random
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

# A proxy in the environment is not for a server on loopback.
for name in ("http_proxy", "https_proxy", "all_proxy"):
    os.environ.pop(name, None)
    os.environ.pop(name.upper(), None)

import anthropic
import ollama
import openai

from served import Served

MODEL = {"openai": "gpt-any", "anthropic": "claude-any", "ollama": "llama-any"}


class Clients:
    """One client of each kind; any key will do."""

    def __init__(self, url, retries=0):
        limits = {"api_key": "none", "timeout": 20, "max_retries": retries}
        self.openai = openai.OpenAI(base_url=f"{url}/v1", **limits)
        self.anthropic = anthropic.Anthropic(base_url=url, **limits)
        self.kimi = anthropic.Anthropic(base_url=f"{url}/anthropic", **limits)
        self.ollama = ollama.Client(host=url, timeout=20)

    def whole(self, kind, text, **more):
        """The reply of one client as (text, id)."""
        messages = [{"role": "user", "content": text}]
        if kind == "openai":
            reply = self.openai.chat.completions.create(
                model=MODEL["openai"], messages=messages, **more
            )
            return reply.choices[0].message.content, reply.id
        if kind in ("anthropic", "kimi"):
            reply = getattr(self, kind).messages.create(
                model=MODEL["anthropic"], max_tokens=64, messages=messages, **more
            )
            return reply.content[0].text, reply.id
        if kind == "ollama":
            reply = self.ollama.chat(model=MODEL["ollama"], messages=messages, **more)
            return reply.message.content, reply.created_at
        reply = self.ollama.generate(model=MODEL["ollama"], prompt=text, **more)
        return reply.response, reply.created_at

    def streamed(self, kind, text):
        """The pieces of one client's streamed reply."""
        messages = [{"role": "user", "content": text}]
        if kind == "openai":
            chunks = self.openai.chat.completions.create(
                model=MODEL["openai"], messages=messages, stream=True
            )
            return [chunk.choices[0].delta.content or "" for chunk in chunks]
        if kind in ("anthropic", "kimi"):
            client = getattr(self, kind)
            with client.messages.stream(
                model=MODEL["anthropic"], max_tokens=64, messages=messages
            ) as stream:
                pieces = list(stream.text_stream)
                assert "".join(pieces) == stream.get_final_text()
                assert stream.get_final_message().stop_reason == "end_turn"
            return pieces
        if kind == "ollama":
            parts = self.ollama.chat(model=MODEL["ollama"], messages=messages, stream=True)
            return [part.message.content for part in parts]
        parts = self.ollama.generate(model=MODEL["ollama"], prompt=text, stream=True)
        return [part.response for part in parts]


KINDS = ("openai", "anthropic", "kimi", "ollama", "ollama-generate")

# What a client may raise when a provider or the network fails.
FAILURES = (
    openai.APIError,
    anthropic.APIError,
    ollama.ResponseError,
    ConnectionError,
    ValueError,
)


def failures():
    """The errors of the HTTP libraries that clients let through, whichever they were built on."""
    found = list(FAILURES)
    for name in ("httpx", "httpx2"):
        try:
            found.append(__import__(name).HTTPError)
        except ImportError:
            pass
    return tuple(found)


def plain():
    """Every client reads a whole reply and what clients look at first."""
    with Served("--seed", "7") as served:
        clients = Clients(served.url)
        for kind in KINDS:
            text, _ = clients.whole(kind, "How are you?")
            assert "has 12 characters" in text, text
        reply = clients.openai.chat.completions.create(
            model="gpt-any",
            messages=[{"role": "user", "content": "one"}],
            response_format={"type": "json_object"},
        )
        assert reply.model == "gpt-any" and reply.choices[0].finish_reason == "stop"
        assert reply._request_id.startswith("req_") and reply.usage.total_tokens > 0
        assert '"q_next"' in reply.choices[0].message.content
        reply = clients.anthropic.messages.create(
            model="claude-any", max_tokens=9, messages=[{"role": "user", "content": "one"}]
        )
        assert reply.stop_reason == "end_turn" and reply._request_id.startswith("req_")
        assert clients.openai.models.list().data and clients.anthropic.models.list().data
        assert clients.ollama.list().models[0].model
        return len(KINDS) + 5


def streaming():
    """A streamed reply says what the whole one says, in more than one piece."""
    with Served("--seed", "7") as served:
        clients = Clients(served.url)
        for kind in KINDS:
            expected, _ = clients.whole(kind, "Tell me more, please.")
            pieces = clients.streamed(kind, "Tell me more, please.")
            assert "".join(pieces) == expected, (kind, pieces)
        chunks = list(
            clients.openai.chat.completions.create(
                model="gpt-any",
                messages=[{"role": "user", "content": "x"}],
                stream=True,
                stream_options={"include_usage": True},
            )
        )
        assert not chunks[-1].choices and chunks[-1].usage.total_tokens > 0
        return len(KINDS) + 1


def raises(error, call):
    """Calls; returns the error, which must be of this type."""
    try:
        call()
    except error as raised:
        return raised
    raise AssertionError(f"no {error.__name__}")


def typed_errors():
    """Every refusal and every failure arrives as the client's own exception."""
    checks = 0
    with Served() as served:
        clients = Clients(served.url)
        empty = {"model": "m", "messages": []}
        error = raises(
            openai.BadRequestError, lambda: clients.openai.chat.completions.create(**empty)
        )
        assert error.param == "messages" and error.type == "invalid_request_error"
        raises(openai.NotFoundError, lambda: clients.openai.models.retrieve("none"))
        error = raises(
            anthropic.BadRequestError,
            lambda: clients.anthropic.messages.create(max_tokens=1, **empty),
        )
        assert error.body["error"]["type"] == "invalid_request_error"
        error = raises(ollama.ResponseError, lambda: clients.ollama.chat(**empty))
        assert error.status_code == 400
        checks += 4
    for kind, expected in {
        "rate_limited": (openai.RateLimitError, anthropic.RateLimitError, 429),
        "quota_exhausted": (openai.RateLimitError, anthropic.RateLimitError, 429),
        "server_error": (openai.InternalServerError, anthropic.InternalServerError, 500),
        "unavailable": (openai.InternalServerError, anthropic.APIStatusError, 503),
        "overloaded": (openai.InternalServerError, anthropic.APIStatusError, 529),
        "gateway_page": (openai.InternalServerError, anthropic.APIStatusError, 502),
        "connection_reset": (openai.APIConnectionError, anthropic.APIConnectionError, None),
        "cut_body": (openai.APIConnectionError, anthropic.APIConnectionError, None),
        "malformed_json": (Exception, Exception, None),
    }.items():
        with Served("--chaos", "100%", "--kinds", kind) as served:
            clients = Clients(served.url)
            for client, error in zip(("openai", "anthropic"), expected):
                raises(error, lambda: clients.whole(client, "x"))
            error = raises(failures(), lambda: clients.whole("ollama", "x"))
            status = getattr(error, "status_code", None)
            assert expected[2] is None or status == expected[2], (kind, error)
            checks += 3
    with Served("--chaos", "100%", "--kinds", "mid_stream_error") as served:
        clients = Clients(served.url)
        for kind in KINDS:
            raises(failures(), lambda: clients.streamed(kind, "a longer story"))
            checks += 1
    return checks


def retries():
    """A client's own retries get over what passes, and wait as long as they are told to."""
    checks = 0
    with Served("--seed", "3") as served:
        calm = {kind: Clients(served.url).whole(kind, "again")[0] for kind in KINDS}
    # A seed under which the first attempt is refused and the second is not, found by asking.
    waited = False
    for seed in map(str, range(20)):
        arguments = ("--seed", seed, "--chaos", "50%", "--kinds", "rate_limited")
        with Served(*arguments) as served:
            clients = Clients(served.url)
            create = clients.openai.chat.completions.with_raw_response.create
            prompt = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
            try:
                create(**prompt)
                continue
            except openai.RateLimitError as refused:
                told = int(refused.response.headers["retry-after-ms"])
                assert refused.response.headers["retry-after"] == "1"
            try:
                create(**prompt)
            except openai.RateLimitError:
                continue
        with Served(*arguments) as served:
            clients = Clients(served.url, retries=2)
            began = time.monotonic()
            create = clients.openai.chat.completions.with_raw_response.create
            reply = create(**prompt)
            took = time.monotonic() - began
            assert reply.retries_taken == 1, reply.retries_taken
            assert took >= told / 1000, (took, told)
            # Without the header the first pause would be half a second, less a quarter at most.
            waited = True
            checks += 2
            break
    assert waited, "no seed is refused once"
    passing = "rate_limited,server_error,unavailable,overloaded,connection_reset,cut_body"
    with Served("--seed", "3", "--chaos", "40%", "--kinds", passing) as served:
        clients = Clients(served.url, retries=12)
        for kind in ("openai", "anthropic", "kimi"):
            text, _ = clients.whole(kind, "again")
            assert text == calm[kind], (kind, text)
            checks += 1
        # This client leaves retries to its caller.
        for kind in ("ollama", "ollama-generate"):
            for _ in range(30):
                try:
                    text, _ = clients.whole(kind, "again")
                    break
                except failures():
                    continue
            assert text == calm[kind], (kind, text)
            checks += 1
    return checks


def parallel():
    """Clients side by side, in any order, get the same answers, ids included."""
    calls = [(KINDS[number % len(KINDS)], f"prompt {number}") for number in range(80)]
    answers = []
    for order in (None, 1, 2):
        shuffled = list(calls)
        if order is not None:
            random.Random(order).shuffle(shuffled)
        with Served("--seed", "11") as served, ThreadPoolExecutor(16) as pool:
            clients = Clients(served.url)
            answers.append(dict(zip(shuffled, pool.map(lambda it: clients.whole(*it), shuffled))))
    assert answers[0] == answers[1] == answers[2]
    assert len({text for text, _ in answers[0].values()}) == len(calls)
    return 2 * len(calls)


def tapes():
    """What was logged is served again to the byte, and nothing else is."""
    with tempfile.TemporaryDirectory() as scratch:
        log = os.path.join(scratch, "log.jsonl")
        with Served("--seed", "5", "--log", log) as served:
            clients = Clients(served.url)
            recorded = {kind: clients.whole(kind, "for the record") for kind in KINDS}
            pieces = {kind: clients.streamed(kind, "for the record") for kind in KINDS}
        with Served("--tape", log) as served:
            clients = Clients(served.url)
            for kind in KINDS:
                assert clients.streamed(kind, "for the record") == pieces[kind]
                assert clients.whole(kind, "for the record") == recorded[kind]
            for error, kind in (
                (openai.NotFoundError, "openai"),
                (anthropic.NotFoundError, "anthropic"),
                (ollama.ResponseError, "ollama"),
            ):
                refused = raises(error, lambda: clients.whole(kind, "off the record"))
                assert "nearest" in str(refused), refused
                assert refused.status_code == 404
        return 2 * len(KINDS) + 6


def main():
    # Whatever hangs, the script does not.
    signal.alarm(150)
    began = time.monotonic()
    total = 0
    for check in (plain, streaming, typed_errors, retries, parallel, tapes):
        count = check()
        total += count
        print(f"{check.__name__:>12}: {count} checks", flush=True)
    versions = f"openai {openai.__version__}, anthropic {anthropic.__version__}"
    print(f"{versions}, ollama: {total} checks held in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
