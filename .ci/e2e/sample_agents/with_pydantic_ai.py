"""Two agents of pydantic-ai at once, one on each protocol: tools, a retried tool, a typed answer."""

import asyncio

from facts import WORD, use
from pydantic import BaseModel, Field
from pydantic_ai import Agent, ModelRetry, RunContext


class Forecast(BaseModel):
    city: str = Field(min_length=2)
    degrees: int = Field(ge=-40, le=50)
    words: list[str] = Field(min_length=1, max_length=3)


text_agent = Agent("openai-chat:gpt-any", instructions="Be brief.")
typed_agent = Agent("anthropic:claude-any", output_type=Forecast, retries=3)


@text_agent.tool(retries=2)
def weather(context: RunContext[None], city: str) -> str:
    """The weather of a city."""
    if context.retry == 0:
        raise ModelRetry("Say which country you mean.")
    return use("weather")


@typed_agent.tool_plain
def population(city: str) -> str:
    """How many people live in a city."""
    return use("population")


async def main():
    text, typed = await asyncio.gather(
        text_agent.run(f"Do I need an {WORD} in Lima?"),
        typed_agent.run(f"Do I need an {WORD} in Bern?"),
    )
    print(text.output, text.usage.requests if not callable(text.usage) else text.usage().requests)
    print(typed.output)


asyncio.run(main())
