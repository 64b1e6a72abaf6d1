"""An agent on Anthropic's client: messages, whole and streamed, with tools; lengths."""

import anthropic
from facts import FACTS, MAX_TOKENS, SCHEMA, has, question, use

client = anthropic.Anthropic(max_retries=8)
MODEL = "claude-any"


def messages():
    asked = [{"role": "user", "content": "How are you?"}]
    reply = client.messages.create(model=MODEL, max_tokens=MAX_TOKENS, messages=asked)
    print("message:", reply.content[0].text)
    with client.messages.stream(model=MODEL, max_tokens=MAX_TOKENS, messages=asked) as stream:
        pieces = list(stream.text_stream)
        assert "".join(pieces) == stream.get_final_text()
    print("streamed message:", "".join(pieces))


def tools():
    said = []
    for name in FACTS:
        tool = {"name": name, "description": f"The {name} of a city", "input_schema": SCHEMA}
        said.append({"role": "user", "content": question(name)})
        reply = client.messages.create(
            model=MODEL,
            max_tokens=256,
            messages=said,
            tools=[tool],
            tool_choice={"type": "any"},
        )
        (call,) = [block for block in reply.content if block.type == "tool_use"]
        assert call.name == name and call.input["city"]
        use_block = {"type": "tool_use", "id": call.id, "name": name, "input": call.input}
        said.append({"role": "assistant", "content": [use_block]})
        result = {"type": "tool_result", "tool_use_id": call.id, "content": use(name)}
        said.append({"role": "user", "content": [result]})
        reply = client.messages.create(
            model=MODEL, max_tokens=MAX_TOKENS, messages=said, tools=[tool]
        )
        text = "".join(block.text for block in reply.content if block.type == "text") or "-"
        said.append({"role": "assistant", "content": text})
        print("message with", name, call.input, text)


def tool_results():
    """Calls that were made before: a small model cannot be relied on to make one."""
    for name in FACTS:
        call = {"type": "tool_use", "id": f"call-{name}", "name": name, "input": {"city": "Paris"}}
        result = {"type": "tool_result", "tool_use_id": call["id"], "content": use(name)}
        said = [
            {"role": "user", "content": question(name)},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ]
        reply = client.messages.create(model=MODEL, max_tokens=MAX_TOKENS, messages=said)
        print("message after", name, "".join(it.text for it in reply.content if it.type == "text"))


def streamed_call():
    tool = {"name": "weather", "input_schema": SCHEMA}
    with client.messages.stream(
        model=MODEL,
        max_tokens=256,
        messages=[{"role": "user", "content": question("weather") + " Now."}],
        tools=[tool],
        tool_choice={"type": "any"},
    ) as stream:
        reply = stream.get_final_message()
    (call,) = [block for block in reply.content if block.type == "tool_use"]
    assert call.name == "weather" and reply.stop_reason == "tool_use"
    print("streamed call:", call.input)


def count_tokens():
    asked = [{"role": "user", "content": "How are you?"}]
    print("tokens:", client.messages.count_tokens(model=MODEL, messages=asked).input_tokens)


for feature in (messages, tools, tool_results, streamed_call, count_tokens):
    if has(feature.__name__):
        feature()
