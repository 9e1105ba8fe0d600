/** From a name to a model on a server: aliases and their rules, `auto`, `model@server`, and whoever lists the name. */
import { AppError } from "../../core/errors.ts";
import { pickLargest, pickSmallest } from "../choose.ts";
import type { ListedModel } from "../protocol.ts";
import type { ModelDirectory } from "./directory.ts";
import { type Alias, AUTO, isAlias, isSameModel, splitName } from "./names.ts";
import type { RoutedServer, Target } from "./routed-server.ts";

export interface Names {
  /** What `auto` means: a name, or `auto` for the best one installed. */
  model: string;
  /** Empty where a rule decides. */
  aliases: Readonly<Record<Alias, string>>;
}

interface ResolverOptions {
  /** The main one first. */
  servers: readonly [RoutedServer, ...RoutedServer[]];
  directory: ModelDirectory;
  names: Names;
  memoryBytes: number;
}

/** An option may name an alias, and `auto` may mean one: no further. */
const MAX_STEPS = 3;

type Listed = ListedModel & { on: RoutedServer };

export class Resolver {
  readonly #options: ResolverOptions;

  constructor(options: ResolverOptions) {
    this.#options = options;
  }

  /** Throws model/missing where an alias or `auto` means nothing. */
  async resolve(asked: string, steps = MAX_STEPS): Promise<Target> {
    const { names } = this.#options;
    if (steps > 0 && asked === AUTO && names.model !== AUTO)
      return await this.resolve(names.model, steps - 1);
    if (asked === AUTO) return { on: this.#first, model: AUTO };
    if (!isAlias(asked)) return await this.#find(asked);
    const configured = names.aliases[asked];
    if (configured !== "" && steps > 0) return await this.resolve(configured, steps - 1);
    return await this.#choose(asked);
  }

  get #first(): RoutedServer {
    const [main] = this.#options.servers;
    return main;
  }

  /** A plain name is of the first server that lists it, and of the main one where none does. */
  async #find(name: string): Promise<Target> {
    const { servers, directory } = this.#options;
    const { model, server } = splitName(
      name,
      servers.map((each) => each.name),
    );
    const named = servers.find((each) => each.name === server);
    if (named) return { on: named, model };
    if (servers.length === 1) return { on: this.#first, model };
    for (const on of servers) {
      const listed = await directory.listOf(on);
      if (listed.some((each) => isSameModel(each.name, model))) return { on, model };
    }
    return { on: this.#first, model };
  }

  async #choose(alias: Alias): Promise<Target> {
    const all = await this.#listPrivate();
    const able = all.filter((each) => alias !== "vision" || each.capabilities.includes("vision"));
    const found =
      alias === "fast" ? pickSmallest(able) : pickLargest(able, this.#options.memoryBytes);
    if (!found)
      throw new AppError("model/missing", { detail: `No model that "${alias}" could mean.` });
    return { on: found.on, model: found.name };
  }

  async #listPrivate(): Promise<Listed[]> {
    const { servers, directory } = this.#options;
    const lists = servers
      .filter(({ place }) => place !== "public")
      .map(async (on) => (await directory.listOf(on)).map((listed) => ({ ...listed, on })));
    return (await Promise.all(lists)).flat();
  }
}
