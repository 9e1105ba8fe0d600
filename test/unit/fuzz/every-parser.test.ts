/** That the table of the fuzz test names every file that parses outside bytes; what it leaves out stands here, with the reason. */
import { describe, it } from "vitest";
import { listProjectFiles, readProjectFile } from "../../support/project-files.ts";

const PARSES =
  /\bJSON\.parse\(|\bv\.(?:parse|safeParse|is)\(|\bfromBase64\(|^export (?:async )?function (?:parse|decode)[A-Z]/m;
const IMPORTED = /from "(?:\.\.\/)+((?:src|local-runtime)\/[^"]+)"/g;

const OWN = "reads what Rockpool itself wrote, on its own disk or to its own page";
const SCHEMA = "one schema over JSON, with a refusal of its own, and no step besides";
const OPTION = "fed by the options of the table";

const LEFT_OUT: Readonly<Record<string, string>> = {
  "local-runtime/add-channel.ts": "an address by URL.canParse, typed by the owner",
  "local-runtime/admin/admin-client.ts": "fuzzed in test/unit/local-runtime/admin",
  "local-runtime/audit/parse-line.ts": "fed by the exports of the audit log",
  "local-runtime/backup-store/known-chunks.ts": OWN,
  "local-runtime/backup/restore-swap.ts": OWN,
  "local-runtime/commands/dev.ts": OWN,
  "local-runtime/doctor/model-servers.ts": SCHEMA,
  "local-runtime/doctor/server.ts": SCHEMA,
  "local-runtime/egress/egress-grants.ts": "fuzzed in test/unit/local-runtime/egress",
  "local-runtime/host-work/daily-work.ts": OWN,
  "local-runtime/host-work/reports.ts": OWN,
  "local-runtime/keys/key-source.ts": OWN,
  "local-runtime/keys/next-key.ts": OWN,
  "local-runtime/model-server/http-body.ts": "JSON alone; its values are the chats of the table",
  "local-runtime/model-server/library.ts": OWN,
  "local-runtime/model-server/run-state.ts": OWN,
  "local-runtime/models/ollama-client.ts": SCHEMA,
  "local-runtime/person/person-export.ts": SCHEMA,
  "local-runtime/supervisor/lock.ts": OWN,
  "local-runtime/supervisor/run-state.ts": OWN,
  "local-runtime/supervisor/used-by.ts": OWN,
  "local-runtime/versions.ts": OWN,
  "src/adapters/telegram/files.ts": SCHEMA,
  "src/adapters/telegram/poll.ts": SCHEMA,
  "src/adapters/telegram/setup.ts": SCHEMA,
  "src/config/listen-address.ts": OPTION,
  "src/config/model-servers.ts": OPTION,
  "src/config/oidc-options.ts": OPTION,
  "src/console/chat/upload.ts": "JSON alone; its values are the files and problems of the table",
  "src/core/redaction.ts": OPTION,
  "src/db/data-keys.ts": OWN,
  "src/db/sealed-messages.ts": OWN,
  "src/do/audit/audit-meta.ts": OWN,
  "src/do/audit/audit-queue.ts": OWN,
  "src/do/audit/audit-rows.ts": OWN,
  "src/do/credentials/devices.ts": OWN,
  "src/do/directory/accounts.ts": OWN,
  "src/do/directory/pairings.ts": OWN,
  "src/do/journal/journal-rows.ts": OWN,
  "src/do/person-data/erasure-rows.ts": OWN,
  "src/do/person-data/person-ids.ts": "one pattern, and no step besides",
  "src/do/session/handovers.ts": OWN,
  "src/do/session/meta.ts": OWN,
  "src/documents/plain-text.ts": "fed by the documents of the table",
  "src/flows/answer-choice.ts": "fed by the answers in dialogues",
  "src/flows/answer-date.ts": "fed by the answers in dialogues",
  "src/http/middleware.ts": "fuzzed in test/unit/http",
  "src/models/fields.ts": "fed by the lists of models",
  "src/models/request.ts": "fed by the lists of models",
  "src/routes/openai/follow-turn.ts": OWN,
  "src/routes/openai/session-pictures.ts": "base64; its bytes are the pictures of the table",
  "src/security/egress.ts": OWN,
  "src/security/keyring.ts": OWN,
  "src/tools/tool.ts": "fed by the arguments of tools, each tool by its own tests",
};

describe("a file that parses outside bytes", () => {
  const files = listProjectFiles("{src,local-runtime}/**/*.ts");
  const parsing = files.filter((path) => PARSES.test(readProjectFile(path)));
  const tables = listProjectFiles("test/unit/fuzz/*.ts").filter((path) => !path.includes(".test."));
  const fuzzed = new Set(
    tables.flatMap((path) => [...readProjectFile(path).matchAll(IMPORTED)].map(([, name]) => name)),
  );

  it("is in the table of the fuzz test, or left out for a reason", ({ expect }) => {
    expect(parsing.length).toBeGreaterThan(100);
    expect(parsing.filter((path) => !fuzzed.has(path) && !(path in LEFT_OUT))).toEqual([]);
  });

  it("is left out only while it is there and in no table", ({ expect }) => {
    const needless = (path: string) => fuzzed.has(path) || !parsing.includes(path);
    expect(Object.keys(LEFT_OUT).filter(needless)).toEqual([]);
  });

  it("is tested where the reason says so", ({ expect }) => {
    for (const [, folder = ""] of Object.values(LEFT_OUT)
      .join("\n")
      .matchAll(/fuzzed in (\S+)/g)) {
      const texts = listProjectFiles(`${folder}/*.test.ts`).map(readProjectFile);
      expect(`${folder} ${texts.some((text) => text.includes("fast-check"))}`).toBe(
        `${folder} true`,
      );
    }
  });
});
