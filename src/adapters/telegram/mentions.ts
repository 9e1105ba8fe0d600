/**
 * Finds out whether a text speaks to the bot, and takes the bot's name out of it. Works on the text as Telegram sent
 * it, because entity offsets count its UTF-16 units.
 */
import type { TelegramEntity } from "./update.ts";

/** What stands between a name at the start and the sentence: "@bot, …", "@bot: …". */
const AFTER_LEADING_NAME = /^[\s,:，：]+/;

export interface Mentions {
  /** The bot is named in the text. */
  mine: boolean;
  /** The text is a command for a bot of another name. */
  forAnotherBot: boolean;
  /** The text without the bot's name. */
  text: string;
}

/** What is cut out of the text. */
interface Span {
  start: number;
  end: number;
}

type Self = { id: string; name: string } | undefined;

function isName(name: string, self: { name: string }): boolean {
  return name.toLowerCase() === self.name.toLowerCase();
}

/** A name with the white space after it, so that the sentence around it closes. */
function spanWithGap(text: string, start: number, end: number): Span {
  const leading = text.slice(0, start).trim() === "";
  const gap = text.slice(end).match(leading ? AFTER_LEADING_NAME : /^[ \t]+/)?.[0] ?? "";
  return { start, end: end + gap.length };
}

/** What to cut for an entity that names the bot. */
function nameSpan(text: string, entity: TelegramEntity, self: Self): Span | undefined {
  if (!self) return undefined;
  const start = entity.offset;
  const end = Math.min(start + entity.length, text.length);
  const content = text.slice(start, end);
  if (entity.type === "text_mention")
    return entity.user?.id === self.id ? spanWithGap(text, start, end) : undefined;
  if (entity.type === "mention")
    return content.startsWith("@") && isName(content.slice(1), self)
      ? spanWithGap(text, start, end)
      : undefined;
  if (entity.type !== "bot_command") return undefined;
  const at = content.indexOf("@");
  if (at < 0 || !isName(content.slice(at + 1), self)) return undefined;
  return { start: start + at, end }; // the command stays, and the space before what it is given
}

/** `/command@name` at the very start, with a name that is not the bot's. */
function isForAnotherBot(text: string, entities: readonly TelegramEntity[], self: Self): boolean {
  const command = entities.find((entity) => entity.type === "bot_command" && entity.offset === 0);
  if (!command) return false;
  const name = text.slice(0, command.length).split("@")[1];
  return name !== undefined && !(self && isName(name, self));
}

function withoutSpans(text: string, spans: readonly Span[]): string {
  const kept: string[] = [];
  let from = 0;
  for (const { start, end } of spans) {
    if (start < from) continue; // entities that overlap: the first one stands
    kept.push(text.slice(from, start));
    from = end;
  }
  kept.push(text.slice(from));
  return kept.join("").trim();
}

export function findMentions(
  text: string,
  entities: readonly TelegramEntity[],
  self: Self,
): Mentions {
  const spans = entities
    .map((entity) => nameSpan(text, entity, self))
    .filter((span) => span !== undefined)
    .sort((a, b) => a.start - b.start);
  return {
    mine: spans.length > 0,
    forAnotherBot: isForAnotherBot(text, entities, self),
    text: spans.length > 0 ? withoutSpans(text, spans) : text,
  };
}
