"""An agent on OpenAI's client: chat and responses, whole and streamed, with tools; embeddings."""

import json

import openai
from facts import FACTS, MAX_TOKENS, SCHEMA, has, question, use

client = openai.OpenAI(max_retries=8)
MODEL = "gpt-any"


def chat():
    messages = [{"role": "user", "content": "How are you?"}]
    reply = client.chat.completions.create(model=MODEL, messages=messages, max_tokens=MAX_TOKENS)
    print("chat:", reply.choices[0].message.content)
    chunks = client.chat.completions.create(
        model=MODEL,
        messages=messages,
        max_tokens=MAX_TOKENS,
        stream=True,
        stream_options={"include_usage": True},
    )
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    print("streamed chat:", "".join(pieces))


def chat_tools():
    messages = []
    for name in FACTS:
        function = {"name": name, "description": f"The {name} of a city", "parameters": SCHEMA}
        tools = [{"type": "function", "function": function}]
        messages.append({"role": "user", "content": question(name)})
        reply = client.chat.completions.create(
            model=MODEL, messages=messages, tools=tools, tool_choice="required"
        )
        message = reply.choices[0].message
        (call,) = message.tool_calls
        assert call.function.name == name and json.loads(call.function.arguments)["city"]
        messages.append(message.model_dump(exclude_none=True))
        messages.append({"role": "tool", "tool_call_id": call.id, "content": use(name)})
        reply = client.chat.completions.create(
            model=MODEL, messages=messages, max_tokens=MAX_TOKENS
        )
        messages.append({"role": "assistant", "content": reply.choices[0].message.content or "-"})
        print("chat with", name, call.function.arguments, messages[-1]["content"])


def tool_results():
    """Calls that were made before: a small model cannot be relied on to make one."""
    for name in FACTS:
        function = {"name": name, "arguments": json.dumps({"city": "Paris"})}
        call = {"id": f"call-{name}", "type": "function", "function": function}
        messages = [
            {"role": "user", "content": question(name)},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": call["id"], "content": use(name)},
        ]
        reply = client.chat.completions.create(
            model=MODEL, messages=messages, max_tokens=MAX_TOKENS
        )
        print("chat after", name, reply.choices[0].message.content)


def streamed_call():
    function = {"name": "weather", "parameters": SCHEMA}
    with client.chat.completions.stream(
        model=MODEL,
        messages=[{"role": "user", "content": question("weather") + " Now."}],
        tools=[{"type": "function", "function": function}],
        tool_choice="required",
    ) as stream:
        for _ in stream:
            pass
        (call,) = stream.get_final_completion().choices[0].message.tool_calls
    assert call.function.name == "weather"
    print("streamed call:", call.function.arguments)


def responses():
    reply = client.responses.create(
        model=MODEL, input="How are you?", instructions="Be brief.", max_output_tokens=MAX_TOKENS
    )
    assert reply.status in ("completed", "incomplete"), reply
    print("response:", reply.output_text)
    with client.responses.stream(
        model=MODEL, input="How are you?", max_output_tokens=MAX_TOKENS
    ) as stream:
        pieces = [it.delta for it in stream if it.type == "response.output_text.delta"]
        whole = stream.get_final_response().output_text
    assert "".join(pieces) == whole, (pieces, whole)
    print("streamed response:", whole)


def response_tools():
    for name in FACTS:
        tool = {"type": "function", "name": name, "parameters": SCHEMA, "strict": True}
        items = [{"role": "user", "content": question(name)}]
        reply = client.responses.create(
            model=MODEL, input=items, tools=[tool], tool_choice="required"
        )
        (call,) = [item for item in reply.output if item.type == "function_call"]
        assert call.name == name and json.loads(call.arguments)["city"]
        items += [
            {
                "type": "function_call",
                "call_id": call.call_id,
                "name": name,
                "arguments": call.arguments,
            },
            {"type": "function_call_output", "call_id": call.call_id, "output": use(name)},
        ]
        reply = client.responses.create(model=MODEL, input=items, max_output_tokens=MAX_TOKENS)
        print("response with", name, call.arguments, reply.output_text)


def previous_response():
    first = client.responses.create(model=MODEL, input="How are you?")
    reply = client.responses.create(
        model=MODEL, input="And tomorrow?", previous_response_id=first.id
    )
    assert reply.previous_response_id == first.id
    print("next response:", reply.output_text)


def embeddings():
    reply = client.embeddings.create(model="text-embedding-3-small", input=["a cat", "a dog"])
    first, second = (item.embedding for item in reply.data)
    assert len(first) == len(second) and first != second
    print("vectors:", len(first), first[0], second[0])


def models():
    names = [model.id for model in client.models.list()]
    print("models:", len(names), client.models.retrieve(names[0]).id)


for feature in (
    chat,
    chat_tools,
    tool_results,
    streamed_call,
    responses,
    response_tools,
    previous_response,
    embeddings,
    models,
):
    if has(feature.__name__):
        feature()
