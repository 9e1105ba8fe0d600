/**
 * Reads wrangler.toml, the one source of the Worker's bindings. A key that the translation to workerd does not know is
 * an error: the same Worker must not run differently here and under wrangler.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, TomlError } from "smol-toml";
import * as v from "valibot";
import { EXIT, HostError } from "../host-error.ts";

const Name = v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9_]*$/, "a name is expected"));
const Text = v.pipe(v.string(), v.nonEmpty());

const WranglerSchema = v.strictObject({
  name: Text,
  main: Text,
  compatibility_date: v.pipe(v.string(), v.isoDate()),
  compatibility_flags: v.optional(v.array(Text), []),
  assets: v.strictObject({ directory: Text, binding: Name, run_worker_first: v.literal(true) }),
  d1_databases: v.array(
    v.strictObject({ binding: Name, database_name: Text, database_id: Text, migrations_dir: Text }),
  ),
  durable_objects: v.strictObject({
    bindings: v.array(v.strictObject({ name: Name, class_name: Name })),
  }),
  migrations: v.array(v.strictObject({ tag: Text, new_sqlite_classes: v.array(Name) })),
});

export type WranglerConfig = v.InferOutput<typeof WranglerSchema>;

export function loadWranglerConfig(root: string): WranglerConfig {
  return parseWranglerConfig(readFileSync(join(root, "wrangler.toml"), "utf8"));
}

/** Throws `config/wrangler_unsupported` that names each place that cannot be translated. */
export function parseWranglerConfig(toml: string): WranglerConfig {
  const parsed = v.safeParse(WranglerSchema, parseToml(toml));
  if (!parsed.success)
    throw unsupported(
      parsed.issues.map((issue) => `${v.getDotPath(issue) ?? "file"}: ${issue.message}`).join("; "),
    );
  const sqlite = new Set(parsed.output.migrations.flatMap((step) => step.new_sqlite_classes));
  const stray = parsed.output.durable_objects.bindings.find((b) => !sqlite.has(b.class_name));
  if (stray) throw unsupported(`${stray.class_name} is in no migration's new_sqlite_classes`);
  return parsed.output;
}

function parseToml(toml: string): unknown {
  try {
    return parse(toml);
  } catch (error) {
    if (error instanceof TomlError)
      throw unsupported(`line ${error.line}: it is not TOML`, { cause: error });
    throw error;
  }
}

function unsupported(what: string, options: { cause?: unknown } = {}): HostError {
  return new HostError({
    code: "config/wrangler_unsupported",
    message: `wrangler.toml cannot be translated for workerd: ${what}.`,
    fix: "Take it back (git diff wrangler.toml), or teach local-runtime/workerd-config/wrangler-config.ts and capnp.ts what it means.",
    exitStatus: EXIT.config,
    ...options,
  });
}
