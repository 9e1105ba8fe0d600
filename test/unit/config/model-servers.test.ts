import fc from "fast-check";
import { describe, it } from "vitest";
import {
  listModelServers,
  MAX_MODEL_SERVERS,
  MAX_SLOTS,
  modelBinding,
  parseModelServers,
  placeOf,
} from "../../../src/config/model-servers.ts";

const MAIN = { name: "main", kind: "ollama", url: "http://127.0.0.1:11434" };

function list(servers: string) {
  return listModelServers({ ROCKPOOL_MODEL_URL: MAIN.url, ROCKPOOL_MODEL_SERVERS: servers });
}

describe("parseModelServers", () => {
  it("reads names, kinds and addresses", ({ expect }) => {
    const text = "lan=ollama+http://192.168.1.5:11434/, hub-2=openai+https://Hub.example/api/v1";
    expect(parseModelServers(text)).toEqual([
      { name: "lan", kind: "ollama", url: "http://192.168.1.5:11434" },
      { name: "hub-2", kind: "openai", url: "https://hub.example/api/v1" },
    ]);
    expect(parseModelServers(" ")).toEqual([]);
  });

  it("says of every wrong entry what is expected, and repeats none", ({ expect }) => {
    const text =
      "Lan=ollama+http://a,b=http://c,d=grpc+http://e,f=openai+ftp://g,h=openai+http://u:p@i";
    expect(() => parseModelServers(text)).toThrow(
      "entry 1: name=kind+url is expected, the name of small letters, digits and hyphens, " +
        "entry 2: the kind ollama or openai is expected, as in lan=ollama+http://host:11434, " +
        "entry 3: the kind ollama or openai is expected, as in lan=ollama+http://host:11434, " +
        "entry 4: an http or https address without credentials is expected, " +
        "entry 5: an http or https address without credentials is expected",
    );
    expect(() => parseModelServers("a=ollama+http://a,a=openai+http://b")).toThrow(
      "each server needs a name of its own",
    );
  });

  it("reads how many calls a server answers at once, within limits", ({ expect }) => {
    const slotsOf = (count: string) =>
      parseModelServers(`lan*${count}=ollama+http://a:1`)[0]?.slots;
    expect(slotsOf("1")).toBe(1);
    expect(slotsOf(String(MAX_SLOTS))).toBe(MAX_SLOTS);
    expect(parseModelServers("lan=ollama+http://a:1")[0]).not.toHaveProperty("slots");
    for (const count of ["0", String(MAX_SLOTS + 1), "", "x", "1.5", "-1"])
      expect(() => slotsOf(count), count).toThrow(
        "entry 1: slots from 1 to 256 are expected, as in lan*2=ollama+http://host:11434",
      );
  });

  it("takes as many servers as are allowed and not one more", ({ expect }) => {
    const entry = (_: unknown, index: number) => `s${index}=ollama+http://a:${index + 1}`;
    const most = Array.from({ length: MAX_MODEL_SERVERS }, entry);
    expect(parseModelServers(most.join(","))).toHaveLength(MAX_MODEL_SERVERS);
    expect(() => parseModelServers([...most, "one-more=ollama+http://a"].join(","))).toThrow(
      `no more than ${MAX_MODEL_SERVERS} servers are expected`,
    );
  });

  it("reads or refuses whatever text it gets", ({ expect }) => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `a=openai+${text}`),
        ),
        (text) => {
          try {
            for (const { url } of parseModelServers(text)) expect(URL.canParse(url)).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
            expect(String(error)).toMatch(/expected|a name of its own/);
          }
        },
      ),
    );
  });
});

describe("listModelServers", () => {
  it("begins with the main server, which another may stand in for", ({ expect }) => {
    expect(list("")).toEqual([MAIN]);
    expect(list("lan=ollama+http://lan:1").map(({ name }) => name)).toEqual(["main", "lan"]);
    expect(list("lan=ollama+http://lan:1,main=openai+http://b:2")).toEqual([
      { name: "main", kind: "openai", url: "http://b:2" },
      { name: "lan", kind: "ollama", url: "http://lan:1" },
    ]);
    expect([0, 1, 2].map(modelBinding)).toEqual(["MODEL", "MODEL_1", "MODEL_2"]);
  });
});

describe("placeOf", () => {
  it("tells this box, a private network and the world apart", ({ expect }) => {
    const places = (...hosts: string[]) => hosts.map((host) => placeOf(`http://${host}:1`));
    expect(places("localhost", "127.0.0.1", "127.9.9.9", "[::1]")).toEqual(Array(4).fill("box"));
    const home = ["10.0.0.1", "192.168.1.5", "172.16.0.1", "172.31.255.1", "100.64.0.1"];
    const named = ["gpu", "gpu.local", "gpu.lan", "gpu.internal", "[fd00::1]", "[fe80::1]"];
    expect(places(...home, ...named)).toEqual(Array(home.length + named.length).fill("home"));
    const world = ["8.8.8.8", "172.32.0.1", "100.128.0.1", "api.openai.com", "[2001:db8::1]"];
    const likeOnes = [
      "127.0.0.1.example",
      "10.example.com",
      "192.168.example.com",
      "100.64.example",
    ];
    expect(places(...world, ...likeOnes)).toEqual(Array(9).fill("public"));
  });
});
