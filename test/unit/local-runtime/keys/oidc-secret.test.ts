import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { type DataFolder, dataFolderAt } from "../../../../local-runtime/data-folder.ts";
import { findOidcSecret } from "../../../../local-runtime/keys/oidc-secret.ts";
import { loadOptions } from "../../../../src/config/load.ts";

function createFolder(secret?: string): DataFolder {
  const root = mkdtempSync(join(tmpdir(), "rockpool-oidc-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const folder = dataFolderAt(root);
  if (secret !== undefined) writeFileSync(folder.oidcSecret, secret, { mode: 0o600 });
  return folder;
}

function find(folder: DataFolder, clientId = "box", issuer = "https://login.example") {
  const loaded = loadOptions({ ROCKPOOL_OIDC_ISSUER: issuer, ROCKPOOL_OIDC_CLIENT_ID: clientId });
  if (!loaded.ok) throw new Error("bad options");
  return findOidcSecret(folder, loaded.options);
}

describe("findOidcSecret", () => {
  it("finds the file, and does without one and without a provider", ({ expect }) => {
    const folder = createFolder("a secret\n");
    expect(find(folder)).toEqual({ OIDC_SECRET: folder.oidcSecret });
    expect(find(createFolder())).toEqual({});
    expect(find(folder, "", "")).toEqual({});
  });

  it("refuses a file that others can read", ({ expect }) => {
    const folder = createFolder("a secret");
    chmodSync(folder.oidcSecret, 0o640);
    expect(() => find(folder)).toThrow(
      expect.objectContaining({
        code: "oidc/secret_exposed",
        message: `The file ${folder.oidcSecret} can be read by other users of this machine.`,
      }),
    );
  });

  it("refuses what is no secret, and repeats none of it", ({ expect }) => {
    for (const secret of ["", "a\nb", "ключ", "x".repeat(1_001)]) {
      const folder = createFolder(secret);
      expect(() => find(folder)).toThrow(
        expect.objectContaining({
          code: "oidc/secret_malformed",
          message: `The file ${folder.oidcSecret} does not hold a secret.`,
        }),
      );
    }
  });

  it("refuses an issuer without the client's id", ({ expect }) => {
    expect(() => find(createFolder(), "")).toThrow(
      expect.objectContaining({
        code: "oidc/no_client",
        message: "ROCKPOOL_OIDC_ISSUER is set, and ROCKPOOL_OIDC_CLIENT_ID is not.",
      }),
    );
  });
});
