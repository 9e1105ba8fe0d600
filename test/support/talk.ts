/** One conversation inside workerd, and what a test asks of it. */
import { runInDurableObject } from "cloudflare:test";
import type { ChatMessage, MediaRef } from "../../src/core/message.ts";
import type {
  AcceptRequest,
  HistoryPage,
  NewFile,
  ReplyState,
  SessionCalls,
  Speaker,
} from "../../src/core/session-protocol.ts";
import { streamTurn } from "../../src/do/session/event-stream.ts";
import { env, type MessageOptions, messageRequest, person } from "./integration.ts";
import { until } from "./scripted-model.ts";

type Row = Record<string, SqlStorageValue>;

export class Talk {
  readonly conversation: string;

  constructor(conversation: string = crypto.randomUUID()) {
    this.conversation = conversation;
  }

  /** A new one each time: that of an object which was ended stays ended. */
  get #stub() {
    return env.SESSION.getByName(messageRequest("", { conversation: this.conversation }).session);
  }

  get calls(): SessionCalls {
    // The stub answers the same calls with types that unfold into unions.
    return this.#stub as unknown as SessionCalls;
  }

  async say(text: string, id?: string): Promise<AcceptRequest> {
    const options = { conversation: this.conversation, ...(id === undefined ? {} : { id }) };
    return this.sayAs({}, text, options);
  }

  /** Says it as somebody else, or in another language. */
  async sayAs(
    speaker: Partial<Speaker>,
    text: string,
    options: MessageOptions = { conversation: this.conversation },
  ): Promise<AcceptRequest> {
    const request = messageRequest(text, options);
    Object.assign(request, { speaker: { ...request.speaker, ...speaker } });
    await this.calls.accept(request);
    return request;
  }

  /** A message with files that are kept already, as the web chat sends them. */
  async sayWith(text: string, files: readonly Omit<NewFile, "personId">[]): Promise<AcceptRequest> {
    const media: MediaRef[] = [];
    for (const file of files) {
      const kept = await this.calls.storeFile({ personId: person.personId, ...file });
      if ("status" in kept) throw new Error("moved");
      media.push(kept);
    }
    return this.sayMedia(text, media);
  }

  async sayMedia(text: string, media: MediaRef[]): Promise<AcceptRequest> {
    const request = messageRequest(text, { conversation: this.conversation });
    if (request.event.kind === "stop") throw new Error("no message");
    request.event.message.media = media;
    await this.calls.accept(request);
    return request;
  }

  /** Says it in answer to a message of the platform's. */
  async replyAs(text: string, id: string): Promise<AcceptRequest> {
    const request = messageRequest(text, { conversation: this.conversation });
    if (request.event.kind === "stop") throw new Error("no message");
    request.event.message.replyTo = { id };
    await this.calls.accept(request);
    return request;
  }

  /** Why a message is not accepted, caught beside the object so that no rejection is left alone on the way. */
  failureOf(text: string): Promise<string> {
    const request = messageRequest(text, { conversation: this.conversation });
    return runInDurableObject(this.#stub, async (session: unknown) => {
      const accepted = (session as SessionCalls).accept(request);
      return accepted.then(
        () => "accepted",
        (error: unknown) => String(error),
      );
    });
  }

  edit(text: string, id: string): Promise<unknown> {
    const { conversation } = this;
    return this.calls.accept(messageRequest(text, { conversation, id, kind: "edit" }));
  }

  async replyTo(request: AcceptRequest, timeoutMs = 10_000): Promise<ReplyState> {
    const reply = await this.calls.reply(request.account, request.event.key, timeoutMs);
    if (reply.status === "moved") throw new Error("moved");
    return reply;
  }

  async ask(text: string): Promise<ReplyState> {
    return this.replyTo(await this.say(text));
  }

  async history(): Promise<ChatMessage[]> {
    return ((await this.calls.history(undefined, 100)) as HistoryPage).messages;
  }

  async texts(): Promise<string[]> {
    return (await this.history()).map((message) => message.text);
  }

  sql(query: string): Promise<Row[]> {
    return runInDurableObject(this.#stub, (_instance, { storage }) =>
      storage.sql.exec(query).toArray(),
    );
  }

  alarmAtMs(): Promise<number | null> {
    return runInDurableObject(this.#stub, (_instance, { storage }) => storage.getAlarm());
  }

  /** Ends the object in the middle of whatever it does; the next call finds its next life. */
  async kill(): Promise<void> {
    await runInDurableObject(this.#stub, (_instance, state) => state.abort("killed")).catch(
      () => undefined,
    );
  }

  /** Waits until the turn has said `text`. */
  async hear({ account, event }: AcceptRequest, text: string): Promise<void> {
    await until(async () => {
      const turn = await this.calls.turn(account, event.key);
      return turn.status === "snapshot" && turn.live?.type === "turn" && turn.live.text === text;
    });
  }

  /** Everything a reader of one turn is told, to its end. */
  async follow(request: AcceptRequest): Promise<string> {
    const { session, account, event } = request;
    const { signal } = new AbortController();
    const { stream } = await streamTurn(env, session, { account, key: event.key }, signal);
    return new Response(stream).text();
  }
}
