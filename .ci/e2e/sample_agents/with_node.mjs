// Agents on the official JavaScript clients: AGENT_CLIENT is openai or anthropic.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const { AGENT_CLIENT, AGENT_WORD = "umbrella", AGENT_SWAP } = process.env;
const features = process.env.AGENT_FEATURES ?? "all";
const has = (feature) => features === "all" || features.split(",").includes(feature);
const max_tokens = Number(process.env.AGENT_MAX_TOKENS ?? 64);
const facts = { weather: "rain until noon", population: "two million people" };
const names = Object.keys(facts);
const use = (name) => facts[AGENT_SWAP ? names.find((other) => other !== name) : name];
const question = (name) => `Do I need an ${AGENT_WORD} today? Use the tool ${name} for Paris.`;
const schema = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const check = (holds, what) => {
  if (!holds) throw new Error(what);
};

async function withOpenAI() {
  const client = new OpenAI({ maxRetries: 8 });
  const model = "gpt-any";
  const messages = [{ role: "user", content: "How are you?" }];
  if (has("chat")) {
    const whole = await client.chat.completions.create({ model, messages, max_tokens });
    console.log("chat:", whole.choices[0].message.content);
    let text = "";
    const chunks = await client.chat.completions.create({ model, messages, max_tokens, stream: true });
    for await (const chunk of chunks) text += chunk.choices[0]?.delta?.content ?? "";
    console.log("streamed chat:", text);
  }
  if (has("chat_tools")) {
    const said = [];
    for (const name of names) {
      const tools = [{ type: "function", function: { name, parameters: schema } }];
      said.push({ role: "user", content: question(name) });
      const asked = { model, messages: said, tools, tool_choice: "required" };
      const message = (await client.chat.completions.create(asked)).choices[0].message;
      const call = message.tool_calls[0];
      check(call.function.name === name && JSON.parse(call.function.arguments).city, "a call");
      said.push({ role: "assistant", content: message.content, tool_calls: message.tool_calls });
      said.push({ role: "tool", tool_call_id: call.id, content: use(name) });
      const reply = await client.chat.completions.create({ model, messages: said, max_tokens });
      said.push({ role: "assistant", content: reply.choices[0].message.content ?? "-" });
      console.log("chat with", name, call.function.arguments, said.at(-1).content);
    }
  }
  if (has("responses")) {
    const stream = client.responses.stream({ model, input: "How are you?" });
    let text = "";
    stream.on("response.output_text.delta", (event) => (text += event.delta));
    const final = await stream.finalResponse();
    check(final.output_text === text, `${final.output_text} is not ${text}`);
    console.log("streamed response:", text);
  }
  if (has("embeddings")) {
    const reply = await client.embeddings.create({ model: "text-embedding-3-small", input: "a cat" });
    console.log("vector:", reply.data[0].embedding.length, reply.data[0].embedding[0]);
  }
}

async function withAnthropic() {
  const client = new Anthropic({ maxRetries: 8 });
  const model = "claude-any";
  const messages = [{ role: "user", content: "How are you?" }];
  if (has("messages")) {
    const whole = await client.messages.create({ model, max_tokens, messages });
    console.log("message:", whole.content[0].text);
    const stream = client.messages.stream({ model, max_tokens, messages });
    console.log("streamed message:", await stream.finalText());
  }
  if (has("tools")) {
    const said = [];
    for (const name of names) {
      const tools = [{ name, input_schema: schema }];
      said.push({ role: "user", content: question(name) });
      const asked = { model, max_tokens: 256, messages: said, tools, tool_choice: { type: "any" } };
      const reply = await client.messages.stream(asked).finalMessage();
      const call = reply.content.find((block) => block.type === "tool_use");
      check(call?.name === name && call.input.city, "a call");
      said.push({ role: "assistant", content: [call] });
      const result = { type: "tool_result", tool_use_id: call.id, content: use(name) };
      said.push({ role: "user", content: [result] });
      const next = await client.messages.create({ model, max_tokens, messages: said, tools });
      const text = next.content.map((block) => block.text ?? "").join("") || "-";
      said.push({ role: "assistant", content: text });
      console.log("message with", name, JSON.stringify(call.input), text);
    }
  }
}

await (AGENT_CLIENT === "openai" ? withOpenAI() : withAnthropic());
