/** Times in people's words, without a model: English and Chinese, on the clocks of any zone. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { renderTime } from "../../../src/core/time-zone.ts";
import { renderRepeat } from "../../../src/phrases/repeat.ts";
import { parseWhen } from "../../../src/tools/when.ts";

/** A Saturday, three in the afternoon in Shanghai. */
const NOW = Date.UTC(2026, 10, 21, 7);
const ZONE = "Asia/Shanghai";

async function read(text: string, nowMs = NOW, zone = ZONE): Promise<string> {
  const when = await parseWhen(text, nowMs, zone);
  if (when.status !== "found") return when.status;
  const again = when.repeat ? ` | ${renderRepeat(when.repeat, "en")}` : "";
  return `${renderTime(when.atMs, zone)} | ${when.rest}${again}`;
}

describe("a time in English", () => {
  it.for([
    ["in 20 minutes to call mom", "Saturday, 2026-11-21 15:20 | call mom"],
    ["in half an hour", "Saturday, 2026-11-21 15:30 | "],
    ["in 2 hours", "Saturday, 2026-11-21 17:00 | "],
    ["in 3 days", "Tuesday, 2026-11-24 15:00 | "],
    ["tomorrow at 9am buy milk", "Sunday, 2026-11-22 09:00 | buy milk"],
    ["tomorrow", "Sunday, 2026-11-22 09:00 | "],
    ["tonight", "Saturday, 2026-11-21 22:00 | "],
    ["next monday 14:30", "Monday, 2026-11-23 14:30 | "],
    ["on friday at noon call Bob", "Friday, 2026-11-27 12:00 | call Bob"],
    ["at 5pm", "Saturday, 2026-11-21 17:00 | "],
    ["me to take pills at 8pm", "Saturday, 2026-11-21 20:00 | take pills"],
    ["25 December at 8:00", "Friday, 2026-12-25 08:00 | "],
    ["on March 3rd renew passport", "Wednesday, 2027-03-03 09:00 | renew passport"],
    ["2026-12-01 09:00", "Tuesday, 2026-12-01 09:00 | "],
    ["2026-11-22T01:00:00Z", "Sunday, 2026-11-22 09:00 | "],
    ["2026-11-22T09:00:00+08:00", "Sunday, 2026-11-22 09:00 | "],
    ["tomorrow at 1am UTC", "Sunday, 2026-11-22 09:00 | "],
    ["2026-11-22T09:00:00", "Sunday, 2026-11-22 09:00 | "],
    ["in 20 min", "Saturday, 2026-11-21 15:20 | "],
    ["2 hours from now", "Saturday, 2026-11-21 17:00 | "],
    ["today at 9am", "past"],
    ["yesterday", "past"],
    ["every day at 9", "Sunday, 2026-11-22 09:00 |  | every day at 09:00"],
    ["every day at 8pm take pills", "Saturday, 2026-11-21 20:00 | take pills | every day at 20:00"],
    [
      "to take pills every morning at 7:30",
      "Sunday, 2026-11-22 07:30 | take pills | every day at 07:30",
    ],
    ["every evening call mom", "Saturday, 2026-11-21 20:00 | call mom | every day at 20:00"],
    [
      "every night at 11 lock the door",
      "Saturday, 2026-11-21 23:00 | lock the door | every day at 23:00",
    ],
    ["daily standup", "Sunday, 2026-11-22 09:00 | standup | every day at 09:00"],
    [
      "every weekday at 9:15 standup",
      "Monday, 2026-11-23 09:15 | standup | every Monday, Tuesday, Wednesday, Thursday and Friday at 09:15",
    ],
    [
      "on weekends at 10 run",
      "Sunday, 2026-11-22 10:00 | run | every Saturday and Sunday at 10:00",
    ],
    [
      "every Monday at 9 put the bins out",
      "Monday, 2026-11-23 09:00 | put the bins out | every Monday at 09:00",
    ],
    [
      "on Mondays and Fridays at 18:00 gym",
      "Monday, 2026-11-23 18:00 | gym | every Monday and Friday at 18:00",
    ],
    [
      "every tuesday, thursday and sunday at noon",
      "Sunday, 2026-11-22 12:00 |  | every Tuesday, Thursday and Sunday at 12:00",
    ],
    ["weekly on Monday at 9 report", "Monday, 2026-11-23 09:00 | report | every Monday at 09:00"],
    ["every week at 10 report", "Saturday, 2026-11-28 10:00 | report | every Saturday at 10:00"],
    [
      "every month on the 1st at 10:00 rent",
      "Tuesday, 2026-12-01 10:00 | rent | every month on day 1 at 10:00",
    ],
    [
      "on the 31st of every month rent",
      "Monday, 2026-11-30 09:00 | rent | every month on day 31 at 09:00",
    ],
    ["every two hours drink", "repeats"],
    ["every year on May 1", "repeats"],
    ["every other day", "repeats"],
    ["tomorrow at 9 read every page", "Sunday, 2026-11-22 09:00 | read every page"],
    ["1 January 2199", "too_far"],
    ["call mom", "none"],
    ["", "none"],
  ] as const)("%j is %s", async ([text, time], { expect }) => {
    expect(await read(text)).toBe(time);
  });
});

describe("a time in Chinese", () => {
  it.for([
    ["20分钟后给妈妈打电话", "Saturday, 2026-11-21 15:20 | 给妈妈打电话"],
    ["二十分钟后", "Saturday, 2026-11-21 15:20 | "],
    ["十五分钟之后提醒我关火", "Saturday, 2026-11-21 15:15 | 关火"],
    ["过十分钟", "Saturday, 2026-11-21 15:10 | "],
    ["半小时后", "Saturday, 2026-11-21 15:30 | "],
    ["一个半小时后", "Saturday, 2026-11-21 16:30 | "],
    ["两个小时以后", "Saturday, 2026-11-21 17:00 | "],
    ["3天后", "Tuesday, 2026-11-24 15:00 | "],
    ["明天下午三点开会", "Sunday, 2026-11-22 15:00 | 开会"],
    ["提醒我明天交房租", "Sunday, 2026-11-22 09:00 | 交房租"],
    ["今晚八点", "Saturday, 2026-11-21 20:00 | "],
    ["明早8点", "Sunday, 2026-11-22 08:00 | "],
    ["大后天晚上7点半", "Tuesday, 2026-11-24 19:30 | "],
    ["下周一上午9点", "Monday, 2026-11-23 09:00 | "],
    ["星期三下午两点半", "Wednesday, 2026-11-25 14:30 | "],
    ["周五中午", "Friday, 2026-11-27 12:00 | "],
    ["周六", "Saturday, 2026-11-28 09:00 | "],
    ["下下周三", "Wednesday, 2026-12-02 09:00 | "],
    ["12月25日早上8点", "Friday, 2026-12-25 08:00 | "],
    ["三月五号", "Friday, 2027-03-05 09:00 | "],
    ["25号", "Wednesday, 2026-11-25 09:00 | "],
    ["3号上午十点一刻", "Thursday, 2026-12-03 10:15 | "],
    ["9点", "Saturday, 2026-11-21 21:00 | "],
    ["下午5点", "Saturday, 2026-11-21 17:00 | "],
    ["晚上12点", "Sunday, 2026-11-22 00:00 | "],
    ["凌晨1点", "Sunday, 2026-11-22 01:00 | "],
    ["今天上午9点", "past"],
    ["每天8点", "Sunday, 2026-11-22 08:00 |  | every day at 08:00"],
    ["每天早上八点提醒我吃药", "Sunday, 2026-11-22 08:00 | 吃药 | every day at 08:00"],
    ["每天下午五点半锻炼", "Saturday, 2026-11-21 17:30 | 锻炼 | every day at 17:30"],
    ["每早七点起床", "Sunday, 2026-11-22 07:00 | 起床 | every day at 07:00"],
    ["每晚十点睡觉", "Saturday, 2026-11-21 22:00 | 睡觉 | every day at 22:00"],
    ["每周一早上9点倒垃圾", "Monday, 2026-11-23 09:00 | 倒垃圾 | every Monday at 09:00"],
    [
      "每周一、三、五晚上7点健身",
      "Monday, 2026-11-23 19:00 | 健身 | every Monday, Wednesday and Friday at 19:00",
    ],
    ["每个星期天上午十点大扫除", "Sunday, 2026-11-22 10:00 | 大扫除 | every Sunday at 10:00"],
    [
      "每个工作日9点打卡",
      "Monday, 2026-11-23 09:00 | 打卡 | every Monday, Tuesday, Wednesday, Thursday and Friday at 09:00",
    ],
    ["每周末10点跑步", "Sunday, 2026-11-22 10:00 | 跑步 | every Saturday and Sunday at 10:00"],
    ["每月1号上午10点交房租", "Tuesday, 2026-12-01 10:00 | 交房租 | every month on day 1 at 10:00"],
    ["每两小时喝水", "repeats"],
    ["每隔一天浇花", "repeats"],
    ["2月30日", "none"],
    ["提醒我开会", "none"],
  ] as const)("%j is %s", async ([text, time], { expect }) => {
    expect(await read(text)).toBe(time);
  });
});

describe("a time where the clocks change", () => {
  /** Clocks in Berlin go from 02:00 to 03:00 on 2027-03-28, and from 03:00 to 02:00 on 2026-10-25. */
  const berlin = (year: number, month: number, day: number, hour: number) =>
    [Date.UTC(year, month - 1, day, hour), "Europe/Berlin"] as const;

  it.for([
    ["tomorrow at 8am", ...berlin(2027, 3, 27, 12), "Sunday, 2027-03-28 08:00 | "],
    ["tomorrow at 2:30am", ...berlin(2027, 3, 27, 12), "Sunday, 2027-03-28 03:30 | "],
    ["in 2 hours", ...berlin(2027, 3, 28, 0), "Sunday, 2027-03-28 04:00 | "],
    ["in 2 hours", ...berlin(2026, 10, 25, 0), "Sunday, 2026-10-25 03:00 | "],
    ["tomorrow at 8am", ...berlin(2026, 10, 24, 12), "Sunday, 2026-10-25 08:00 | "],
  ] as const)("%s at %d in %s is %s", async ([text, nowMs, zone, time], { expect }) => {
    expect(await read(text, nowMs, zone)).toBe(time);
  });
});

describe("any text", () => {
  it("is a time to come, or says why not", async ({ expect }) => {
    const words = fc
      .array(
        fc.constantFrom(
          ..."in 3 minutes tomorrow at 9 : 半 小时 后 下 周 三 点 月 日 号 99 十 today".split(" "),
        ),
      )
      .map((parts) => parts.join(""));
    const zones = fc.constantFrom("UTC", "Asia/Kathmandu", "America/New_York", "Pacific/Apia");
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), words), zones, async (text, zone) => {
        const when = await parseWhen(text, NOW, zone);
        if (when.status === "found") expect(when.atMs).toBeGreaterThan(NOW);
        else expect(["none", "past", "too_far", "repeats"]).toContain(when.status);
      }),
    );
  });
});
