/** A data folder as a stopped server leaves it: a key, and objects with something in them. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type DataFolder, prepareDataFolder } from "../../local-runtime/data-folder.ts";
import { openMasterKey } from "../../local-runtime/keys/master-key.ts";

export interface TestFolder extends Disposable {
  folder: DataFolder;
  /** Files of the test that are no part of the data. */
  outside: string;
  /** Writes a row into a session's database, which is made where there is none. */
  write(session: string, text: string): void;
  /** All rows of each session's database. */
  read(): Record<string, string[]>;
}

export function createDataFolder(): TestFolder {
  const root = mkdtempSync(join(tmpdir(), "rockpool-folder-"));
  const outside = join(root, "outside");
  mkdirSync(outside);
  const folder = prepareDataFolder(join(root, "data"));
  openMasterKey(folder);
  const sessions = join(folder.objects, "session");
  return {
    folder,
    outside,
    write(session, text) {
      mkdirSync(sessions, { recursive: true });
      const database = new DatabaseSync(join(sessions, `${session}.sqlite`));
      database.exec("PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS said (text TEXT)");
      database.prepare("INSERT INTO said VALUES (?)").run(text);
      database.close();
    },
    read() {
      const names = readdirSync(sessions).filter((name) => name.endsWith(".sqlite"));
      return Object.fromEntries(
        names.map((name) => {
          const database = new DatabaseSync(join(sessions, name), { readOnly: true });
          const rows = database.prepare("SELECT text FROM said ORDER BY rowid").all();
          database.close();
          return [name.replace(".sqlite", ""), rows.map((row) => String(row.text))];
        }),
      );
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}
