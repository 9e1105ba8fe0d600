/** What a config lets out: found whatever the config is, and never less than workerd would. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { type EgressMap, mapEgress } from "../../../../local-runtime/egress/egress-map.ts";
import { HostError } from "../../../../local-runtime/host-error.ts";
import { parseCapnpText } from "../../../../local-runtime/workerd-config/capnp-text.ts";

function mapOf(services: string, more = ""): EgressMap {
  return mapEgress(
    parseCapnpText(`using Workerd = import "/workerd/workerd.capnp";
      const rockpool :Workerd.Config = (
        services = [${services}], # a comment
        sockets = [(name = "http", address = "127.0.0.1:1", http = (), service = "app")]${more});`),
  );
}

const worker = (fields: string) => `(name = "app", worker = (modules = [], ${fields}))`;
const NOWHERE = `(name = "nowhere", network = (allow = []))`;

describe("the ways out of a box", () => {
  it("are found where workerd has a default: a Worker without globalOutbound", ({ expect }) => {
    expect(mapOf(worker("bindings = []")).waysOut).toEqual([
      {
        kind: "network",
        to: "public addresses (workerd's own service)",
        encrypted: false,
        from: ["app: fetch"],
      },
    ]);
    const [way] = mapOf(`${worker("bindings = []")}, (name = "internet", network = ())`).waysOut;
    expect(way).toMatchObject({ to: "public addresses", from: ["app: fetch"] });
  });

  it("are found through other services, wrapped bindings and tails", ({ expect }) => {
    const map = mapOf(`${NOWHERE},
      (name = "out", external = (address = "h:1", http = ())),
      (name = "net", network = (allow = ["private", "10.0.0.0/8"], deny = ["10.0.0.1/32"])),
      (name = "inner", worker = (modules = [], globalOutbound = (name = "out", entrypoint = "x"))),
      ${worker(`globalOutbound = "nowhere", tails = ["net"], bindings = [
        (name = "A", service = "inner"),
        (name = "B", wrapped = (moduleName = "m", innerBindings = [(name = "c", service = "out")]))]`)}`);
    expect(map.waysOut.map(({ to, from }) => [to, from])).toEqual([
      ["private addresses but 10.0.0.1/32", ["app: tail"]],
      ["10.0.0.0/8 addresses but 10.0.0.1/32", ["app: tail"]],
      ["h:1", ["inner: fetch", "app: B (m): c"]],
    ]);
  });

  const UNKNOWN: [what: string, services: string, more: string, to: string][] = [
    [
      "a binding",
      worker(
        `globalOutbound = "nowhere", bindings = [(name = "X", hyperdrive = (database = "d"))]`,
      ),
      "",
      "a binding of the kind hyperdrive",
    ],
    [
      "a debug port",
      worker(`globalOutbound = "nowhere", bindings = [(name = "X", workerdDebugPort = void)]`),
      "",
      "a binding of the kind workerdDebugPort",
    ],
    [
      "a setting of a Worker",
      worker(`globalOutbound = "nowhere", containerEngine = (none = void)`),
      "",
      "the setting containerEngine",
    ],
    [
      "a container",
      worker(
        `globalOutbound = "nowhere", durableObjectNamespaces = [(className = "C", container = (imageName = "i"))]`,
      ),
      "",
      "a container",
    ],
    [
      "a kind of service",
      `(name = "app", bucket = (path = "p"))`,
      "",
      "a service of the kind bucket",
    ],
    [
      "a service that is not there",
      worker(`globalOutbound = "elsewhere"`),
      "",
      'a service "elsewhere" that the config does not have',
    ],
    [
      "a setting of the config",
      worker(`globalOutbound = "nowhere"`),
      ', cluster = (key = "k")',
      "the setting cluster",
    ],
  ];
  it.for(UNKNOWN)("count %s that is not known", ([, services, more, to], { expect }) => {
    const ways = mapOf(`${NOWHERE}, ${services}`, more).waysOut;
    expect(ways.map((way) => [way.kind, way.to])).toEqual([["unknown", to]]);
  });

  it("are not those of a service that nothing reaches", ({ expect }) => {
    const map = mapOf(
      `${NOWHERE}, (name = "loose", network = ()), ${worker(`globalOutbound = "nowhere"`)}`,
    );
    expect(map.waysOut).toEqual([]);
    expect(map.unused).toEqual(["loose"]);
  });
});

describe("a config's text", () => {
  it("is read with its escapes, embeds, names and numbers", ({ expect }) => {
    const { fields } = parseCapnpText(
      'const x :T = (a = "q\\"\\x41\\n", b = [1, -2.5], c = embed "f", d = sign, e = true);',
    );
    expect(Object.fromEntries(fields)).toEqual({
      a: 'q"A\n',
      b: [1, -2.5],
      c: { embed: "f" },
      d: { name: "sign" },
      e: true,
    });
  });

  const BROKEN: [text: string, reason: string][] = [
    ["", "it has no constant"],
    ["const x :T = 1;", "its constant is no struct"],
    ["const x :T = (a = 1, a = 2);", "the field a is set twice"],
    ["const x :T = (a = );", "a value is expected"],
    ['const x :T = (a = "open);', "its character 17 is not understood"],
    ["const x :T = (a = 1", '"," is expected'],
    ["const x :T = (); const y :T = ();", "something follows its constant"],
    [`const x :T = (a = ${"[".repeat(40)}`, "it is nested too deeply"],
  ];
  it.for(BROKEN)("%s is refused with the reason", ([text, reason], { expect }) => {
    expect(() => parseCapnpText(text)).toThrow(
      expect.objectContaining({
        code: "config/unreadable",
        message: `The workerd config cannot be read: ${reason}.`,
      }),
    );
  });

  it("is refused by that code only, whatever it is", ({ expect }) => {
    const piece = fc.constantFrom(
      "(",
      ")",
      "[",
      "]",
      ",",
      "=",
      ";",
      '"a"',
      '"',
      "\\",
      "name",
      "1",
      "embed ",
      "true",
      "#",
      "\n",
      "🦀",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        try {
          mapEgress(parseCapnpText(`const x :T = (${pieces.join("")}`));
        } catch (error) {
          expect(error).toBeInstanceOf(HostError);
          expect(error).toMatchObject({ code: "config/unreadable" });
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
