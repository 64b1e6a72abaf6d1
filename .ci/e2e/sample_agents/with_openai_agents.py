"""Two agents of OpenAI's framework at once, each with tools; AGENT_API chooses the protocol."""

import asyncio
import os

from agents import (
    Agent,
    Runner,
    function_tool,
    set_default_openai_api,
    set_tracing_disabled,
)
from facts import WORD, use

set_tracing_disabled(True)
set_default_openai_api(os.environ.get("AGENT_API", "responses"))


@function_tool
def weather(city: str) -> str:
    """The weather of a city."""
    return use("weather")


@function_tool
def population(city: str) -> str:
    """How many people live in a city."""
    return use("population")


async def ask(name, city, tool):
    agent = Agent(name=name, instructions=f"You are {name}.", model="gpt-any", tools=[tool])
    result = await Runner.run(agent, f"Do I need an {WORD} in {city}?")
    kinds = [item.type for item in result.new_items]
    assert "tool_call_output_item" in kinds, kinds
    return name, city, kinds, result.final_output


async def main():
    asked = (("Anna", "Rome", weather), ("Bert", "Oslo", population))
    for answer in await asyncio.gather(*(ask(*each) for each in asked)):
        print(*answer)


asyncio.run(main())
