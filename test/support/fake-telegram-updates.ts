/** Updates as Telegram sends them, with ids that rise. Private chats have the id of the person in them. */

/** The bot that the fake server knows. */
export const FAKE_BOT = { id: 7_000_000_001, username: "rockpool_bot" } as const;

/** Of the right shape, and of no bot. */
export const FAKE_TOKEN = "7000000001:AAfake-token-of-the-fake-telegram-0";

export type Update = { update_id: number } & Record<string, unknown>;

export interface UpdateMaker {
  /** A private message; `chatId` is the person's id, too. */
  text(chatId: number, text: string, extra?: Record<string, unknown>): Update;
  /** A group message that begins with the bot's name. `chatId` is negative. */
  groupMention(chatId: number, senderId: number, text: string): Update;
  /** A group message that names nobody. */
  groupText(chatId: number, senderId: number, text: string): Update;
  /** A group message that answers the bot's message `toMessageId`. */
  groupReply(chatId: number, senderId: number, text: string, toMessageId: number): Update;
  /** A later version of a private message. */
  edit(chatId: number, messageId: number, text: string): Update;
  /** `fileId` is one that the fake server's `addFile` gave. */
  photo(chatId: number, fileId: string, caption?: string): Update;
  voice(chatId: number, fileId: string, seconds: number): Update;
  document(chatId: number, fileId: string, name: string, mime: string): Update;
  /** The stop button under a draft was pressed. */
  stop(chatId: number, draftId: number): Update;
  /** `count` private messages, dealt out to `chats` people in turn. */
  stream(count: number, chats: number, textOf: (index: number) => string): Generator<Update>;
}

export interface UpdateMakerOptions {
  firstUpdateId?: number;
  /** Id of the first person of `stream`. */
  firstChatId?: number;
  languageCode?: string;
}

function person(id: number, languageCode: string) {
  return {
    id,
    is_bot: false,
    first_name: `Person ${id}`,
    username: `person_${id}`,
    language_code: languageCode,
  };
}

export function createUpdates(options: UpdateMakerOptions = {}): UpdateMaker {
  const { firstUpdateId = 1, firstChatId = 1001, languageCode = "en" } = options;
  let updateId = firstUpdateId;
  let messageId = 1;
  const date = () => Math.floor(Date.now() / 1000);
  const update = (part: Record<string, unknown>): Update => ({ update_id: updateId++, ...part });
  const direct = (chatId: number, content: Record<string, unknown>) => ({
    message_id: messageId++,
    from: person(chatId, languageCode),
    chat: { id: chatId, type: "private", first_name: `Person ${chatId}` },
    date: date(),
    ...content,
  });
  const group = (chatId: number, senderId: number, content: Record<string, unknown>) => ({
    message_id: messageId++,
    from: person(senderId, languageCode),
    chat: { id: chatId, type: "supergroup", title: `Group ${-chatId}` },
    date: date(),
    ...content,
  });
  const text: UpdateMaker["text"] = (chatId, content, extra = {}) =>
    update({ message: direct(chatId, { text: content, ...extra }) });
  return {
    text,
    groupMention(chatId, senderId, content) {
      const name = `@${FAKE_BOT.username}`;
      const entities = [{ type: "mention", offset: 0, length: name.length }];
      return update({ message: group(chatId, senderId, { text: `${name} ${content}`, entities }) });
    },
    groupText: (chatId, senderId, content) =>
      update({ message: group(chatId, senderId, { text: content }) }),
    groupReply: (chatId, senderId, content, toMessageId) =>
      update({
        message: group(chatId, senderId, {
          text: content,
          reply_to_message: {
            message_id: toMessageId,
            from: { ...FAKE_BOT, is_bot: true, first_name: "Rockpool" },
            chat: { id: chatId, type: "supergroup" },
            date: date(),
            text: "An earlier answer.",
          },
        }),
      }),
    edit: (chatId, editedId, content) =>
      update({
        edited_message: {
          ...direct(chatId, { text: content, edit_date: date() }),
          message_id: editedId,
        },
      }),
    photo: (chatId, fileId, caption) =>
      update({
        message: direct(chatId, {
          photo: [
            { file_id: `${fileId}-small`, file_unique_id: "s", width: 90, height: 60 },
            { file_id: fileId, file_unique_id: "l", width: 1280, height: 853 },
          ],
          ...(caption === undefined ? {} : { caption }),
        }),
      }),
    voice: (chatId, fileId, seconds) =>
      update({
        message: direct(chatId, {
          voice: {
            file_id: fileId,
            file_unique_id: "v",
            duration: seconds,
            mime_type: "audio/ogg",
          },
        }),
      }),
    document: (chatId, fileId, name, mime) =>
      update({
        message: direct(chatId, {
          document: { file_id: fileId, file_unique_id: "d", file_name: name, mime_type: mime },
        }),
      }),
    stop: (chatId, draftId) =>
      update({
        stopped_message_generation: {
          chat: { id: chatId, type: "private", first_name: `Person ${chatId}` },
          draft_id: draftId,
        },
      }),
    *stream(count, chats, textOf) {
      for (let index = 0; index < count; index += 1)
        yield text(firstChatId + (index % chats), textOf(index));
    },
  };
}
