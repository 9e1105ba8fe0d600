/** A tool call of the fake server's models: they call what they are told to, as in `call clock {"zone":"UTC"}`. */

export interface FakeToolCall {
  name: string;
  arguments: object;
}

interface AskedChat {
  messages: readonly { role: string; content: string }[];
  tools?: readonly { function: object }[] | undefined;
}

/** The line above it may say when it was sent. */
const ORDER = /(?:^|\n)call (\S+) (\{.*\})$/;

/** Undefined where the newest message orders none, or one that is not offered. */
export function findToolCall({ messages, tools = [] }: AskedChat): FakeToolCall | undefined {
  const last = messages.at(-1);
  const [, name, given = ""] = ORDER.exec(last?.role === "user" ? last.content : "") ?? [];
  const isOffered = tools.some((tool) => "name" in tool.function && tool.function.name === name);
  return name !== undefined && isOffered ? { name, arguments: JSON.parse(given) } : undefined;
}
