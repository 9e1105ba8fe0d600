/** A model server as the router knows it. */
import type { Model } from "../../core/ports.ts";
import type { ModelServer } from "../server-model.ts";

export interface RoutedServer {
  name: string;
  /** `box`: this machine. `home`: a private network. `public`: answers only where it is named. */
  place: "box" | "home" | "public";
  /** For what the server says of itself. */
  server: ModelServer;
  /** For calls: the same server, behind whatever shares out its slots. */
  calls: Model;
}

/** A model on a server; `auto` for the best one that it has. */
export interface Target {
  on: RoutedServer;
  model: string;
}

export function describeTarget({ on, model }: Target): string {
  return `${model}@${on.name}`;
}
