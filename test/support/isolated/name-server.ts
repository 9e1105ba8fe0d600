/** A server of names on UDP port 53 that answers what a test says, and remembers what it was asked for. */
import { createSocket } from "node:dgram";
import { parseIpAddress } from "../../../src/core/ip-address.ts";

const TYPE_A = 1;
const TYPE_AAAA = 28;
const NO_SUCH_NAME = 3;

export interface NameServer {
  /** Names that were asked for, each once. */
  asked(): string[];
  close(): void;
}

/** For each name the answers in turn, the last one for ever: each a list of addresses. */
export type Names = Readonly<Record<string, readonly (readonly string[])[]>>;

export async function startNameServer(host: string, names: Names): Promise<NameServer> {
  const socket = createSocket("udp4");
  const asked = new Set<string>();
  const turns = new Map<string, number>();
  socket.on("message", (query, from) => {
    const { name, type, end } = readQuestion(query);
    asked.add(name);
    const turn = `${name} ${type}`;
    const answers = names[name];
    const at = turns.get(turn) ?? 0;
    turns.set(turn, at + 1);
    const addresses = answers?.[Math.min(at, answers.length - 1)];
    socket.send(renderAnswer(query.subarray(0, end), type, addresses), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(53, host, resolve));
  return { asked: () => [...asked], close: () => socket.close() };
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (;;) {
    const length = query.readUInt8(at);
    at += 1;
    if (length === 0) break;
    labels.push(query.toString("latin1", at, at + length).toLowerCase());
    at += length;
  }
  return { name: labels.join("."), type: query.readUInt16BE(at), end: at + 4 };
}

/** Answers are kept by nobody: their time to live is none. */
function renderAnswer(
  question: Buffer,
  type: number,
  addresses: readonly string[] | undefined,
): Buffer {
  const isFour = type === TYPE_A;
  const fitting = (addresses ?? []).filter((text) => text.includes(":") !== isFour);
  const sent = type === TYPE_A || type === TYPE_AAAA ? fitting : [];
  const header = Buffer.from(question);
  header.writeUInt16BE(0x8180 | (addresses ? 0 : NO_SUCH_NAME), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(sent.length, 6);
  header.writeUInt32BE(0, 8);
  const records = sent.map((text) => {
    const bytes = Buffer.from((parseIpAddress(text) ?? 0n).toString(16).padStart(32, "0"), "hex");
    const data = isFour ? bytes.subarray(12) : bytes;
    const record = Buffer.alloc(12);
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(type, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([header, ...records]);
}
