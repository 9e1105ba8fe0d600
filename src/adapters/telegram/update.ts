/**
 * The parts of a Telegram update that are used, as one schema: https://core.telegram.org/bots/api#update. Keys that
 * are not named here are dropped; ids come out as strings.
 */
import * as v from "valibot";

/** Digits of an integer beyond 2^53, as exact-json.ts leaves them. */
const LONG_ID = /^-?[1-9]\d{15,39}$/;

function isId(value: unknown): boolean {
  return typeof value === "number"
    ? Number.isSafeInteger(value)
    : typeof value === "string" && LONG_ID.test(value);
}

/** An integer id of any size, as the string of its digits. */
export const IdSchema = v.pipe(v.custom<number | string>(isId), v.transform(String));

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const FileId = v.pipe(v.string(), v.minLength(1), v.maxLength(512));

const User = v.object({
  id: IdSchema,
  is_bot: v.optional(v.boolean()),
  first_name: v.optional(v.string()),
  last_name: v.optional(v.string()),
  username: v.optional(v.string()),
  language_code: v.optional(v.string()),
});

const Chat = v.object({
  id: IdSchema,
  type: v.string(),
  title: v.optional(v.string()),
  first_name: v.optional(v.string()),
  last_name: v.optional(v.string()),
  username: v.optional(v.string()),
});

/** Offsets count UTF-16 units. */
const Entity = v.object({
  type: v.string(),
  offset: Count,
  length: Count,
  user: v.optional(v.object({ id: IdSchema })),
});

const Photo = v.object({
  file_id: FileId,
  width: Count,
  height: Count,
  file_size: v.optional(Count),
});

const Media = v.object({
  file_id: FileId,
  file_size: v.optional(Count),
  file_name: v.optional(v.string()),
  mime_type: v.optional(v.string()),
  duration: v.optional(Count),
});

const Sticker = v.object({
  file_id: FileId,
  file_size: v.optional(Count),
  is_animated: v.optional(v.boolean()),
  is_video: v.optional(v.boolean()),
});

const RepliedMessage = v.object({
  message_id: IdSchema,
  from: v.optional(v.object({ id: IdSchema })),
  text: v.optional(v.string()),
  caption: v.optional(v.string()),
});

const Message = v.object({
  message_id: IdSchema,
  date: Count,
  edit_date: v.optional(Count),
  chat: Chat,
  from: v.optional(User),
  is_automatic_forward: v.optional(v.boolean()),
  message_thread_id: v.optional(IdSchema),
  is_topic_message: v.optional(v.boolean()),
  media_group_id: v.optional(v.string()),
  reply_to_message: v.optional(RepliedMessage),
  quote: v.optional(v.object({ text: v.string() })),
  text: v.optional(v.string()),
  entities: v.optional(v.array(Entity)),
  caption: v.optional(v.string()),
  caption_entities: v.optional(v.array(Entity)),
  photo: v.optional(v.array(Photo)),
  document: v.optional(Media),
  voice: v.optional(Media),
  audio: v.optional(Media),
  video: v.optional(Media),
  video_note: v.optional(Media),
  sticker: v.optional(Sticker),
});

const StoppedGeneration = v.object({
  chat: Chat,
  message_thread_id: v.optional(IdSchema),
});

export const UpdateSchema = v.object({
  update_id: IdSchema,
  message: v.optional(Message),
  edited_message: v.optional(Message),
  stopped_message_generation: v.optional(StoppedGeneration),
});

export type TelegramMessage = v.InferOutput<typeof Message>;
export type TelegramEntity = v.InferOutput<typeof Entity>;
export type TelegramStop = v.InferOutput<typeof StoppedGeneration>;
export type TelegramChat = v.InferOutput<typeof Chat>;
export type TelegramUser = v.InferOutput<typeof User>;

/** What Telegram is asked to deliver: the keys of {@link UpdateSchema} that parse.ts turns into events. */
export const ALLOWED_UPDATES = ["message", "edited_message", "stopped_message_generation"] as const;
