/** Three projects: plain Node, inside workerd (the binary that production runs), and the real binary from outside. */
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const migrations = await readD1Migrations("migrations");

/** Keys for tests only: zeros sign nothing that anybody trusts. */
const testBindings = {
  TEST_MIGRATIONS: migrations,
  MASTER_KEY: "00".repeat(32),
  BOX_SECRET: "00".repeat(32),
  TRANSCRIBE_KEY: "ears-1\n",
  ROCKPOOL_VERSION: "0.0.0-test",
  // The port of the discard protocol: a developer's own Ollama is asked for nothing.
  ROCKPOOL_MODEL_URL: "http://127.0.0.1:9",
};

/** A property test that takes one second on a quiet machine takes ten on a busy one. */
const PATIENCE_MS = 30_000;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          environment: "node",
          testTimeout: PATIENCE_MS,
          expect: { poll: { timeout: PATIENCE_MS - 5_000 } },
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: testBindings },
          }),
        ],
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          setupFiles: ["test/support/apply-migrations.ts"],
          globalSetup: ["test/support/start-model-servers.ts"],
          testTimeout: PATIENCE_MS,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          environment: "node",
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
