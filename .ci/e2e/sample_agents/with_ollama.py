"""An agent on Ollama's client: chat and generate, whole and streamed, with tools; embeddings."""

import ollama
from facts import FACTS, SCHEMA, has, question, use

client = ollama.Client()
MODEL = "qwen3:8b"


def chat():
    messages = [{"role": "user", "content": "How are you?"}]
    print("chat:", client.chat(model=MODEL, messages=messages).message.content)
    parts = client.chat(model=MODEL, messages=messages, stream=True)
    print("streamed chat:", "".join(part.message.content for part in parts))
    print("generated:", client.generate(model=MODEL, prompt="How are you?").response)


def tools():
    messages = []
    for name in FACTS:
        function = {"name": name, "description": f"The {name} of a city", "parameters": SCHEMA}
        tools = [{"type": "function", "function": function}]
        messages.append({"role": "user", "content": question(name)})
        message = client.chat(model=MODEL, messages=messages, tools=tools).message
        (call,) = message.tool_calls
        assert call.function.name == name and call.function.arguments["city"]
        messages.append(message)
        messages.append({"role": "tool", "tool_name": name, "content": use(name)})
        message = client.chat(model=MODEL, messages=messages, tools=tools).message
        messages.append(message)
        print("chat with", name, dict(call.function.arguments), message.content)


def embeddings():
    vectors = client.embed(model="nomic-embed-text", input=["a cat", "a dog"]).embeddings
    assert len(vectors) == 2 and vectors[0] != vectors[1]
    print("vectors:", len(vectors[0]), vectors[0][0])
    print("vector:", client.embeddings(model="nomic-embed-text", prompt="a cat").embedding[0])


def models():
    print("models:", len(client.list().models), client.show(MODEL).capabilities)


for feature in (chat, tools, embeddings, models):
    if has(feature.__name__):
        feature()
