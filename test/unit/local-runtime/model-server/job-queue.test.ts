import { describe, it } from "vitest";
import {
  JobQueue,
  MAX_WAITING,
  QueueFull,
} from "../../../../local-runtime/model-server/job-queue.ts";

const never = new AbortController().signal;

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe("the queue of the model", () => {
  it("runs one job at a time, in the order they came", async ({ expect }) => {
    const queue = new JobQueue();
    const seen: string[] = [];
    const job = (name: string) => async () => {
      seen.push(`${name} begins`);
      await Promise.resolve();
      seen.push(`${name} ends`);
    };
    await Promise.all(["a", "b", "c"].map((name) => queue.run(job(name), never)));
    expect(seen).toEqual(["a", "b", "c"].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  it(`lets ${MAX_WAITING} wait and refuses one more`, async ({ expect }) => {
    const queue = new JobQueue();
    const { open, opened } = gate();
    const jobs = Array.from({ length: MAX_WAITING + 1 }, () => queue.run(() => opened, never));
    expect(queue.waiting).toBe(MAX_WAITING);
    await expect(queue.run(() => opened, never)).rejects.toThrow(new QueueFull());
    open();
    await Promise.all(jobs);
    await expect(queue.run(async () => "free", never)).resolves.toBe("free");
  });

  it("forgets who stopped waiting, and goes on after a job that failed", async ({ expect }) => {
    const queue = new JobQueue();
    const { open, opened } = gate();
    const first = queue.run(async () => {
      await opened;
      throw new Error("broken");
    }, never);
    const leaver = new AbortController();
    let ran = false;
    const left = queue.run(async () => {
      ran = true;
    }, leaver.signal);
    const last = queue.run(async () => "last", never);
    leaver.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    open();
    await expect(first).rejects.toThrow("broken");
    await expect(last).resolves.toBe("last");
    expect(ran).toBe(false);
    expect(queue.waiting).toBe(0);
  });
});
