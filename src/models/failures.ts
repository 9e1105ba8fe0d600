/** Turns what a model server says when it fails into coded errors. Pure. */
import { AppError } from "../core/errors.ts";

const MAX_QUOTE_UNITS = 200;
const MAX_RETRY_AFTER_MS = 600_000;

/** The server's own words, fit for a log line: one line, bounded, without an address. */
export function quoteServer(text: string): string {
  const line = text
    .slice(0, MAX_QUOTE_UNITS * 4)
    .replace(/[a-z][a-z0-9+.-]*:\/\/\S+/gi, "(address)")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim();
  const cut = line.length > MAX_QUOTE_UNITS ? `${line.slice(0, MAX_QUOTE_UNITS)}…` : line;
  return cut.toWellFormed();
}

function says(sentence: string, serverText: string): string {
  const quote = quoteServer(serverText);
  return quote === "" ? `${sentence}.` : `${sentence}: ${quote}`;
}

/** Only the form in seconds: a date would have to be trusted to be of the same clock. */
function parseRetryAfterMs(header: string | null): number | undefined {
  if (header === null || !/^\d{1,9}$/.test(header)) return undefined;
  return Math.min(Number(header) * 1_000, MAX_RETRY_AFTER_MS);
}

/**
 * The failure that a sentence of the server means, before an answer (status 500) or within one. The server has no
 * codes for these: its words are all there is.
 */
export function failureOfWords(serverText: string): AppError {
  if (/memory|killed/i.test(serverText))
    return new AppError("model/out_of_memory", {
      detail: says("The model server ran out of memory", serverText),
    });
  if (/server busy/i.test(serverText))
    return new AppError("model/busy", { detail: says("The model server is busy", serverText) });
  return new AppError("model/broken_stream", {
    detail: says("The model server failed while answering", serverText),
  });
}

interface FailedResponse {
  status: number;
  retryAfter: string | null;
  /** The server's `error`; undefined where the body is not of its form. */
  serverText: string | undefined;
  /** Undefined where the call was about no model. */
  model: string | undefined;
}

/** The failure that a status other than 200 means. */
export function failureOfStatus(failed: FailedResponse): AppError {
  const { status, serverText = "" } = failed;
  if (status === 429 || status === 503) {
    const retryAfterMs = parseRetryAfterMs(failed.retryAfter);
    return new AppError("model/busy", {
      detail: says(`The model server is busy (status ${status})`, serverText),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  if (status === 404) return failureOfNotFound(failed);
  if (status === 401)
    return new AppError("model/unauthorized", {
      detail: "The model server does not take the key of this box.",
    });
  // Ollama, llama.cpp and vLLM each have words of their own for it.
  if (status < 500 && /context (?:length|size|window)/i.test(serverText))
    return new AppError("model/too_long", {
      detail: says("The chat is longer than the model's context", serverText),
    });
  if (status < 500 && /does not support/i.test(serverText))
    return new AppError("model/unsupported", {
      detail: says("The model cannot do what is asked", serverText),
    });
  if (status === 500) return failureOfWords(serverText);
  if (status > 500)
    return new AppError("model/unavailable", {
      detail: says(`Something before the model server answers status ${status}`, serverText),
    });
  return new AppError("model/rejected", {
    detail: says(`The model server refused the request (status ${status})`, serverText),
  });
}

function failureOfNotFound({ serverText, model }: FailedResponse): AppError {
  // A model server says in its own form that it lacks a model; any web server answers 404 to an unknown path.
  if (serverText === undefined || model === undefined)
    return new AppError("model/unavailable", {
      detail: "Something answers at the model server's address, but it is no such server.",
    });
  return missingModel(model);
}

export function missingModel(model: string): AppError {
  return new AppError("model/missing", {
    detail: `The model "${quoteServer(model)}" is not installed.`,
  });
}

export function remoteModel(model: string): AppError {
  return new AppError("model/remote_refused", {
    detail: `The model "${quoteServer(model)}" would run on somebody else's machine.`,
  });
}

export function brokenStream(detail: string): AppError {
  return new AppError("model/broken_stream", { detail });
}

export function lostConnection(): AppError {
  return new AppError("model/unavailable", {
    detail: "The connection to the model server was refused or lost before it answered.",
  });
}
