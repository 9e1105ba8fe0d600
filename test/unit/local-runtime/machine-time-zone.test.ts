import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { machineTimeZone } from "../../../local-runtime/machine-time-zone.ts";

function linkTo(target: string): string {
  const folder = mkdtempSync(join(tmpdir(), "rockpool-zone-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const link = join(folder, "localtime");
  symlinkSync(target, link);
  return link;
}

describe("the machine's time zone", () => {
  it.for([
    ["/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"],
    ["../usr/share/zoneinfo/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"],
    ["/var/db/timezone/zoneinfo/Asia/Shanghai", "Asia/Shanghai"],
    ["/usr/share/zoneinfo/Etc/UTC", "UTC"],
  ])("is what %s names", ([target = "", zone], { expect }) => {
    expect(machineTimeZone({}, linkTo(target))).toBe(zone);
  });

  it.for(["/usr/share/zoneinfo/UTC", "/etc/elsewhere", "/usr/share/zoneinfo/../../etc/passwd"])(
    "is left to the runtime where %s names none",
    (target, { expect }) => {
      expect(machineTimeZone({}, linkTo(target))).toBeUndefined();
    },
  );

  it("is left to the runtime where the environment names one, and where there is no link", ({
    expect,
  }) => {
    const link = linkTo("/usr/share/zoneinfo/Europe/Berlin");
    expect(machineTimeZone({ TZ: "Asia/Tokyo" }, link)).toBeUndefined();
    expect(machineTimeZone({}, `${link}-missing`)).toBeUndefined();
  });
});
