/** Who was called, as the packets themselves say: each begun TCP connection and each datagram that was sent. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { LineSplitter } from "../../../local-runtime/logs/line-splitter.ts";
import { parseIpAddress, renderIpAddress } from "../../../src/core/ip-address.ts";

const PROGRAM = join(import.meta.dirname, "packets.pl");
const TCP = 6;
const UDP = 17;
const SYN = 0x02;
const ACK = 0x10;

/** `tcp 11.0.0.10:443`; undefined for a packet of a connection that stands, and for what is no IP. */
export function calledBy(packet: Buffer): string | undefined {
  const kind = packet.readUInt16BE(12);
  if (kind === 0x0800)
    return called(
      packet,
      14 + (packet.readUInt8(14) & 15) * 4,
      packet.readUInt8(23),
      renderV4(packet),
    );
  if (kind === 0x86dd) return called(packet, 54, packet.readUInt8(20), renderV6(packet));
  return undefined;
}

function called(packet: Buffer, at: number, protocol: number, to: string): string | undefined {
  if (protocol !== TCP && protocol !== UDP) return `protocol ${protocol} ${to}`;
  const port = packet.readUInt16BE(at + 2);
  // Answers of the server of names are no calls.
  if (protocol === UDP) return packet.readUInt16BE(at) === 53 ? undefined : `udp ${to}:${port}`;
  const flags = packet.readUInt8(at + 13);
  return (flags & SYN) !== 0 && (flags & ACK) === 0 ? `tcp ${to}:${port}` : undefined;
}

function renderV4(packet: Buffer): string {
  return [...packet.subarray(30, 34)].join(".");
}

function renderV6(packet: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    packet.readUInt16BE(38 + index * 2).toString(16),
  );
  return `[${renderIpAddress(parseIpAddress(groups.join(":")) ?? 0n)}]`;
}

export interface PacketLog {
  /** Each once, in the order of their first packets. */
  calls(): string[];
  stop(): Promise<void>;
}

export async function startPacketLog(): Promise<PacketLog> {
  const child: ChildProcess = spawn("perl", [PROGRAM], { stdio: ["ignore", "pipe", "inherit"] });
  const calls = new Set<string>();
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once("close", () => reject(new Error("no packets can be read")));
    const splitter = new LineSplitter((line) => {
      if (line === "ready") return resolve();
      const call = calledBy(Buffer.from(line, "hex"));
      if (call !== undefined) calls.add(call);
    });
    child.stdout?.on("data", (bytes: Buffer) => splitter.push(bytes));
  });
  return {
    calls: () => [...calls],
    stop: async () => {
      child.kill();
      await ended;
    },
  };
}
