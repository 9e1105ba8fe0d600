/** The tool that knows what time it is, here and elsewhere. */
import * as v from "valibot";
import { renderTime } from "../core/time-zone.ts";
import { defineTool, ToolRefusal } from "./tool.ts";
import { findTimeZone } from "./zones.ts";

export const timeAndDate = defineTool({
  name: "time_and_date",
  description: "The current date, weekday and time, here or in another place.",
  properties: {
    place: {
      type: "string",
      description: "City or IANA time zone, such as Tokyo. Leave it out for here.",
    },
  },
  required: [],
  schema: v.object({ place: v.optional(v.pipe(v.string(), v.trim(), v.maxLength(80)), "") }),
  permission: "chat:use",
  hints:
    /\b(?:what|which|current|local|right) (?:time|date|day|month|year)\b|\btime (?:is it|in|now|zone)|\b(?:the|today's) (?:time|date|weekday)\b|\b(?:today|tomorrow|yesterday|tonight|o'clock)\b|\b(?:days?|weeks?|long) (?:until|till|since|left)\b|几点|时间|时区|日期|几号|星期|周[一二三四五六日末]|今天|明天|昨天|后天|现在|哪天|今年|还有多久/i,
  run({ place }, { nowMs, zone }) {
    const wanted = /^(?:|here|local|本地|这里)$/i.test(place) ? zone : findTimeZone(place);
    if (wanted === undefined)
      throw new ToolRefusal(`No time zone is known for "${place}". Name a large city near it.`);
    return `${renderTime(nowMs, wanted)} (${wanted})`;
  },
});
