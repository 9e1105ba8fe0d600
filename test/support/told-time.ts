/** The line above a person's message that tells a model when it was sent: most tests do not care. */

const TIME = /^\[\w+ \d{4}-\d\d-\d\d \d\d:\d\d UTC(?:[+-]\d{1,2}(?::\d\d)?)?\]\n/;

export function withoutTime<Told extends { role: string; content: string }>(message: Told): Told {
  return message.role === "user"
    ? { ...message, content: message.content.replace(TIME, "") }
    : message;
}
