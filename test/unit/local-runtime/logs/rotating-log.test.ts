import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import {
  LOG_FILE_NAME,
  MAX_LOG_FILES,
  RotatingLog,
} from "../../../../local-runtime/logs/rotating-log.ts";

function newFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-log-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function contents(dir: string): Record<string, string> {
  const names = readdirSync(dir).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(dir, name), "utf8")]));
}

describe("the log files", () => {
  it("are as many and as large as stated, the youngest lines kept", ({ expect }) => {
    const dir = newFolder();
    const log = new RotatingLog(dir, 10);
    for (let line = 0; line < 40; line += 1) log.write(`line${String(line).padStart(4, "0")}`);
    log.close();
    expect(contents(dir)).toEqual({
      [LOG_FILE_NAME]: "line0039\n",
      [`${LOG_FILE_NAME}.1`]: "line0038\n",
      [`${LOG_FILE_NAME}.2`]: "line0037\n",
      [`${LOG_FILE_NAME}.3`]: "line0036\n",
      [`${LOG_FILE_NAME}.4`]: "line0035\n",
    });
    expect(readdirSync(dir)).toHaveLength(MAX_LOG_FILES);
  });

  it("are filled to the last byte, and go on after a restart", ({ expect }) => {
    const dir = newFolder();
    const first = new RotatingLog(dir, 12);
    first.write("abc");
    first.close();
    const second = new RotatingLog(dir, 12);
    second.write("defghij");
    second.write("k");
    second.close();
    expect(contents(dir)).toEqual({
      [LOG_FILE_NAME]: "k\n",
      [`${LOG_FILE_NAME}.1`]: "abc\ndefghij\n",
    });
  });

  it("take a line that is larger than a file whole", ({ expect }) => {
    const dir = newFolder();
    const log = new RotatingLog(dir, 4);
    log.write("much longer than that");
    log.close();
    expect(contents(dir)).toEqual({ [LOG_FILE_NAME]: "much longer than that\n" });
  });

  it("are readable by their owner only", ({ expect }) => {
    const dir = newFolder();
    new RotatingLog(dir).close();
    expect(statSync(join(dir, LOG_FILE_NAME)).mode & 0o777).toBe(0o600);
  });

  it("that cannot be written cost lines, which are counted, and no more", ({ expect }) => {
    const log = new RotatingLog(newFolder());
    log.close();
    log.write("lost");
    log.write("lost");
    expect(log.lostLines).toBe(2);
  });
});
