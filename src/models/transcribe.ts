/** Speech to text, by a server that speaks OpenAI's transcription API: whisper.cpp's, vLLM, hosted ones. */
import * as v from "valibot";
import { requestJson, type ServerAddress } from "./request.ts";

export interface Speech {
  mime: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Longest transcript that is kept: half an hour of fast speech. */
export const MAX_TRANSCRIPT_UNITS = 32_000;
const MAX_ANSWER_BYTES = 1024 * 1024;

const transcriptSchema = v.object({ text: v.string() });

/** Servers tell formats apart by the file's name. */
const ENDINGS: Readonly<Record<string, string>> = {
  "audio/ogg": "ogg",
  "audio/mpeg": "mp3",
  "audio/mp4": "m4a",
  "audio/webm": "webm",
  "audio/wav": "wav",
  "audio/flac": "flac",
};

/** Empty where nothing is said. Throws model/*, and the signal's reason. */
export async function transcribe(
  server: ServerAddress,
  model: string,
  { mime, bytes }: Speech,
  signal: AbortSignal,
): Promise<string> {
  const [type = ""] = mime.split(";");
  const body = new FormData();
  body.set("file", new File([bytes], `voice.${ENDINGS[type] ?? "ogg"}`, { type }));
  body.set("model", model);
  body.set("response_format", "json");
  const call = { path: "/v1/audio/transcriptions", body, maxBytes: MAX_ANSWER_BYTES } as const;
  const { text } = await requestJson(server, call, transcriptSchema, signal);
  return text.slice(0, MAX_TRANSCRIPT_UNITS).toWellFormed().trim();
}
