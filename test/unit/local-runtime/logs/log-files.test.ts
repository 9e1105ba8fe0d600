import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { followLines, readLastLines } from "../../../../local-runtime/logs/log-files.ts";
import { LOG_FILE_NAME, RotatingLog } from "../../../../local-runtime/logs/rotating-log.ts";

const SMALL_FILE_BYTES = 100;

function createLog() {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-logs-"));
  const log = new RotatingLog(dir, SMALL_FILE_BYTES);
  return {
    dir,
    log,
    [Symbol.dispose]() {
      log.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const all = () => true;
const line = (number: number) => `line ${number} ${"x".repeat(20)}`;
const numbers = (lines: readonly string[]) => lines.map((text) => Number(text.split(" ")[1]));

describe("the newest lines of the log", () => {
  it("come in order across its files, as many as asked for", ({ expect }) => {
    using made = createLog();
    for (let number = 1; number <= 8; number += 1) made.log.write(line(number));
    expect(numbers(readLastLines(made.dir, 3, all))).toEqual([6, 7, 8]);
    expect(numbers(readLastLines(made.dir, 100, all))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const even = (text: string) => (numbers([text])[0] ?? 0) % 2 === 0;
    expect(numbers(readLastLines(made.dir, 3, even))).toEqual([4, 6, 8]);
  });

  it("are none where there is no log", ({ expect }) => {
    expect(readLastLines("/nowhere/at/all", 5, all)).toEqual([]);
  });
});

describe("a watched log", () => {
  it("yields each new line once, across rotations", async ({ expect }) => {
    using made = createLog();
    made.log.write(line(0));
    const ended = new AbortController();
    const lines = followLines(made.dir, ended.signal);
    const seen: string[] = [];
    const first = lines.next();
    for (let number = 1; number <= 3; number += 1) made.log.write(line(number));
    seen.push(String((await first).value));
    while (seen.length < 3) seen.push(String((await lines.next()).value));
    // Past the size of two files: the one that is read is renamed, another is begun.
    const next = lines.next();
    for (let number = 4; number <= 6; number += 1) made.log.write(line(number));
    seen.push(String((await next).value));
    while (seen.length < 6) seen.push(String((await lines.next()).value));
    expect(numbers(seen)).toEqual([1, 2, 3, 4, 5, 6]);
    ended.abort();
    expect((await lines.next()).done).toBe(true);
  });

  it("holds a line back until it is whole, in the middle of a character too", async ({
    expect,
  }) => {
    using made = createLog();
    const path = join(made.dir, LOG_FILE_NAME);
    const ended = new AbortController();
    const lines = followLines(made.dir, ended.signal);
    const first = lines.next();
    const bytes = Buffer.from("你好\n");
    writeFileSync(path, bytes.subarray(0, 4), { flag: "a" });
    const early = await Promise.race([first, new Promise((done) => setTimeout(done, 450, "none"))]);
    expect(early).toBe("none");
    writeFileSync(path, bytes.subarray(4), { flag: "a" });
    expect((await first).value).toBe("你好");
    ended.abort();
    await lines.return();
  });

  it("begins with a file that is made later", async ({ expect }) => {
    const dir = mkdtempSync(join(tmpdir(), "rockpool-logs-"));
    const ended = new AbortController();
    const lines = followLines(dir, ended.signal);
    const first = lines.next();
    writeFileSync(join(dir, LOG_FILE_NAME), "hello\n");
    expect((await first).value).toBe("hello");
    ended.abort();
    await lines.return();
    rmSync(dir, { recursive: true });
  });
});
