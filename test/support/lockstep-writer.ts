/**
 * A program that writes a rising number to one SQLite file and then to another, for ever: in a consistent copy of both
 * the second is at most one behind. Arguments: `--experimental <config file> <objects folder>`, as workerd has them.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const objects = process.argv[4] ?? "";
mkdirSync(join(objects, "session"), { recursive: true });
const databases = ["first", "second"].map((name) => {
  const database = new DatabaseSync(join(objects, "session", `${name}.sqlite`));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
  database.exec("CREATE TABLE IF NOT EXISTS count (n INTEGER)");
  return database.prepare("INSERT INTO count VALUES (?)");
});
for (let n = 1; ; n += 1) {
  for (const insert of databases) insert.run(n);
  if (n === 1) process.stdout.write("writing\n");
}
