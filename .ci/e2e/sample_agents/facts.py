"""What the agents of this folder know, and how a test changes them.

AGENT_WORD changes one word of a prompt; AGENT_SWAP gives each tool the other one's results.
"""

import os

WORD = os.environ.get("AGENT_WORD", "umbrella")
MAX_TOKENS = int(os.environ.get("AGENT_MAX_TOKENS", "64"))
FEATURES = os.environ.get("AGENT_FEATURES", "all")

FACTS = {"weather": "rain until noon", "population": "two million people"}

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "The name of the city"}},
    "required": ["city"],
    "additionalProperties": False,
}


def has(feature):
    return FEATURES == "all" or feature in FEATURES.split(",")


def use(name):
    """The result of a tool."""
    if "AGENT_SWAP" in os.environ:
        (name,) = set(FACTS) - {name}
    return FACTS[name]


def question(name):
    return f"Do I need an {WORD} today? Use the tool {name} for Paris."
