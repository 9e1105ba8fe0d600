import { describe, it } from "vitest";
import { findUnlisted, verifyListedOnly } from "../../../../local-runtime/egress/egress-proof.ts";

const LISTED = {
  modelUrls: ["http://127.0.0.1:11434"],
  egressOrigins: ["https://api.telegram.org", "http://[fd00::1]:8081"],
  fileReaderSocket: "/box/run/files.sock",
};

/** A config whose one Worker has this service as a binding. */
function config(service: string, rest = 'globalOutbound = "nowhere"'): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const rockpool :Workerd.Config = (services = [
  (name = "nowhere", network = (allow = [])),
  (name = "out", ${service}),
  (name = "app", worker = (modules = [(name = "a", esModule = "")], compatibilityDate = "2026-11-01", ${rest}, bindings = [(name = "OUT", service = "out")]))
], sockets = [(name = "http", address = "127.0.0.1:1", http = (), service = "app")]);`;
}

describe("a config that may reach listed addresses only", () => {
  it.for([
    'external = (address = "127.0.0.1:11434", http = ())',
    'external = (address = "api.telegram.org:443", https = (options = (), tlsOptions = (trustBrowserCas = true)))',
    'external = (address = "[fd00::1]:8081", http = ())',
    'external = (address = "unix:/box/run/files.sock", http = ())',
    "network = (allow = [])",
  ])("is served with %s", (service, { expect }) => {
    expect(findUnlisted(config(service), LISTED)).toEqual([]);
    expect(() => verifyListedOnly(config(service), LISTED)).not.toThrow();
  });

  it.for([
    ['external = (address = "127.0.0.1:11435", http = ())', "127.0.0.1:11435"],
    ['external = (address = "api.telegram.org.evil.example:443", http = ())', "evil.example"],
    ['external = (address = "unix:/var/run/docker.sock", http = ())', "unix:/var/run/docker.sock"],
    ['network = (allow = ["public"])', "public addresses"],
    ["network = ()", "public addresses"],
    ['network = (allow = ["127.0.0.0/8"])', "127.0.0.0/8 addresses"],
    ['bucket = (path = "x")', "a service of the kind bucket"],
  ] as const)("is refused with %s", ([service, way], { expect }) => {
    expect(() => verifyListedOnly(config(service), LISTED)).toThrow(way);
    expect(() => verifyListedOnly(config(service), LISTED)).toThrow(
      expect.objectContaining({ code: "egress/not_listed", exitStatus: 70 }),
    );
  });

  it("is refused where the Worker's own fetch is left to workerd's default", ({ expect }) => {
    const text = config("network = (allow = [])", 'compatibilityFlags = ["a"]');
    expect(findUnlisted(text, LISTED)).toMatchObject([{ kind: "network", from: ["app: fetch"] }]);
  });
});
