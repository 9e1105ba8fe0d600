import { mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { describe, it, onTestFinished } from "vitest";
import { MAX_COPIES } from "../../../../local-runtime/database/migration-copies.ts";
import {
  loadMigrations,
  type Migration,
  type MigrationPlan,
  migrate,
} from "../../../../local-runtime/database/migrations.ts";

const ONE: Migration = {
  name: "0000_one.sql",
  sql: "CREATE TABLE a (x);--> statement-breakpoint\nCREATE TABLE b (y);",
};
const TWO: Migration = {
  name: "0001_two.sql",
  sql: "ALTER TABLE a ADD z;--> statement-breakpoint\nUPDATE a SET z = 2;",
};
const BROKEN: Migration = {
  name: "0002_broken.sql",
  sql: "DELETE FROM a;--> statement-breakpoint\nALTER TABLE nowhere ADD z;",
};

function newPlan(...migrations: Migration[]): MigrationPlan {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-migrations-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return {
    databaseFile: join(dir, "objects", "d1", "x.sqlite"),
    backupsDir: join(dir, "backups"),
    migrations,
  };
}

function query(file: string, sql: string): unknown[] {
  const database = new DatabaseSync(file);
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

describe("migrations of the log database", () => {
  it("are applied in order and recorded in wrangler's own table", ({ expect }) => {
    const plan = newPlan(ONE, TWO);
    expect(migrate(plan)).toEqual({ applied: ["0000_one.sql", "0001_two.sql"] });
    expect(query(plan.databaseFile, "SELECT id, name FROM d1_migrations")).toEqual([
      { id: 1, name: "0000_one.sql" },
      { id: 2, name: "0001_two.sql" },
    ]);
    const [{ applied_at }] = query(plan.databaseFile, "SELECT applied_at FROM d1_migrations") as [
      { applied_at: string },
    ]; // the column that the query names
    expect(applied_at).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  });

  it("are applied once", ({ expect }) => {
    const plan = newPlan(ONE);
    migrate(plan);
    expect(migrate(plan)).toEqual({ applied: [] });
  });

  it("keep a copy of existing data first, and none of a new database", ({ expect }) => {
    const plan = newPlan(ONE);
    expect(migrate(plan).copy).toBeUndefined();
    query(plan.databaseFile, "INSERT INTO a VALUES (1)");
    const { copy } = migrate({ ...plan, migrations: [ONE, TWO] });
    expect(copy).toBe(join(plan.backupsDir, "before-0001_two"));
    expect(query(join(copy ?? "", "d1.sqlite"), "SELECT * FROM a")).toEqual([{ x: 1 }]);
    expect(query(plan.databaseFile, "SELECT * FROM a")).toEqual([{ x: 1, z: 2 }]);
  });

  it(`keep the newest ${MAX_COPIES} copies`, ({ expect }) => {
    const steps = ["0", "1", "2", "3"].map((n) => ({
      name: `000${n}.sql`,
      sql: `CREATE TABLE t${n} (x)`,
    }));
    const plan = newPlan();
    steps.forEach((_, index) => {
      const { copy } = migrate({ ...plan, migrations: steps.slice(0, index + 1) });
      if (copy !== undefined) utimesSync(copy, index, index);
    });
    expect(readdirSync(plan.backupsDir).sort()).toEqual(["before-0002", "before-0003"]);
  });

  it("that fail half way leave the data as it was and say which file it is", ({ expect }) => {
    const plan = newPlan(ONE);
    migrate(plan);
    query(plan.databaseFile, "INSERT INTO a VALUES (1)");
    expect(() => migrate({ ...plan, migrations: [ONE, TWO, BROKEN] })).toThrow(
      expect.objectContaining({
        code: "migration/failed",
        exitStatus: 70,
        message: `The migration 0002_broken.sql failed and was undone: no such table: nowhere. The data is as it was. A copy from before is in ${join(plan.backupsDir, "before-0001_two")}.`,
        fix: expect.stringContaining("Install the version that ran before"),
      }),
    );
    expect(query(plan.databaseFile, "SELECT * FROM a")).toEqual([{ x: 1, z: 2 }]);
    expect(query(plan.databaseFile, "SELECT name FROM d1_migrations")).toEqual([
      { name: "0000_one.sql" },
      { name: "0001_two.sql" },
    ]);
    expect(migrate({ ...plan, migrations: [ONE, TWO] })).toEqual({ applied: [] });
  });

  it("refuse data that a newer version has changed, and touch nothing", ({ expect }) => {
    const plan = newPlan(ONE, TWO);
    migrate(plan);
    const other = { name: "0001_other.sql", sql: "DROP TABLE a" };
    expect(() => migrate({ ...plan, migrations: [ONE, other] })).toThrow(
      expect.objectContaining({
        code: "migration/data_is_newer",
        message:
          "The data was last used by a newer version of Rockpool, which applied 0001_two.sql.",
      }),
    );
    expect(query(plan.databaseFile, "SELECT * FROM a")).toEqual([]);
  });

  it("of this project apply to an empty database", ({ expect }) => {
    const dir = fileURLToPath(new URL("../../../../migrations", import.meta.url));
    const plan = newPlan(...loadMigrations(dir));
    expect(migrate(plan).applied[0]).toBe("0000_init.sql");
    expect(query(plan.databaseFile, "SELECT count(*) AS n FROM messages")).toEqual([{ n: 0 }]);
  });
});
