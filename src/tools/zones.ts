/** Time zones by the names that people and models use for them: cities and countries, in English and Chinese. Pure. */
import { parseTimeZone } from "../core/time-zone.ts";

/** Places that no zone is named after, and those that Chinese speakers name. */
const PLACES: Readonly<Record<string, string>> = {
  beijing: "Asia/Shanghai",
  china: "Asia/Shanghai",
  shenzhen: "Asia/Shanghai",
  guangzhou: "Asia/Shanghai",
  taiwan: "Asia/Taipei",
  japan: "Asia/Tokyo",
  osaka: "Asia/Tokyo",
  korea: "Asia/Seoul",
  "south korea": "Asia/Seoul",
  india: "Asia/Kolkata",
  delhi: "Asia/Kolkata",
  "new delhi": "Asia/Kolkata",
  mumbai: "Asia/Kolkata",
  uk: "Europe/London",
  england: "Europe/London",
  "united kingdom": "Europe/London",
  germany: "Europe/Berlin",
  munich: "Europe/Berlin",
  hamburg: "Europe/Berlin",
  france: "Europe/Paris",
  italy: "Europe/Rome",
  spain: "Europe/Madrid",
  switzerland: "Europe/Zurich",
  nyc: "America/New_York",
  "new york city": "America/New_York",
  washington: "America/New_York",
  boston: "America/New_York",
  miami: "America/New_York",
  "san francisco": "America/Los_Angeles",
  seattle: "America/Los_Angeles",
  "las vegas": "America/Los_Angeles",
  california: "America/Los_Angeles",
  texas: "America/Chicago",
  dallas: "America/Chicago",
  houston: "America/Chicago",
  brazil: "America/Sao_Paulo",
  dubai: "Asia/Dubai",
  北京: "Asia/Shanghai",
  上海: "Asia/Shanghai",
  深圳: "Asia/Shanghai",
  广州: "Asia/Shanghai",
  中国: "Asia/Shanghai",
  香港: "Asia/Hong_Kong",
  台北: "Asia/Taipei",
  台湾: "Asia/Taipei",
  新加坡: "Asia/Singapore",
  东京: "Asia/Tokyo",
  日本: "Asia/Tokyo",
  首尔: "Asia/Seoul",
  韩国: "Asia/Seoul",
  曼谷: "Asia/Bangkok",
  迪拜: "Asia/Dubai",
  莫斯科: "Europe/Moscow",
  伦敦: "Europe/London",
  英国: "Europe/London",
  巴黎: "Europe/Paris",
  法国: "Europe/Paris",
  柏林: "Europe/Berlin",
  德国: "Europe/Berlin",
  纽约: "America/New_York",
  华盛顿: "America/New_York",
  芝加哥: "America/Chicago",
  洛杉矶: "America/Los_Angeles",
  旧金山: "America/Los_Angeles",
  西雅图: "America/Los_Angeles",
  多伦多: "America/Toronto",
  温哥华: "America/Vancouver",
  悉尼: "Australia/Sydney",
  墨尔本: "Australia/Melbourne",
};

/** Areas in which the runtime's zones are named after cities. */
const AREAS = ["Europe", "Asia", "America", "Australia", "Africa", "Pacific", "Atlantic", "Indian"];

/** The IANA name of a zone, of a city or of a country that has one zone; undefined where it says none. */
export function findTimeZone(place: string): string | undefined {
  const text = place.trim().replace(/(?:时间|时区)$/, "");
  const key = text.toLowerCase();
  const known = Object.hasOwn(PLACES, key) ? PLACES[key] : undefined;
  if (known !== undefined) return known;
  const direct = parseTimeZone(text);
  if (direct !== undefined) return direct;
  const city = text.split(",")[0]?.trim().replace(/\s+/g, "_") ?? "";
  if (city === "") return undefined;
  for (const area of AREAS) {
    const zone = parseTimeZone(`${area}/${city}`);
    if (zone !== undefined) return zone;
  }
  return undefined;
}
