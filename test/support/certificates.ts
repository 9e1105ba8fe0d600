/** Certificates for tests, made by openssl: an authority of their own, and what it issues. */
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface CertificateFiles {
  cert: string;
  key: string;
}

export interface Authority extends CertificateFiles {
  /** A certificate with its chain. `days` may be negative: one that has ended. */
  issue(name: string, wish?: { client?: boolean; days?: number }): CertificateFiles;
}

function openssl(args: readonly string[], dir: string): void {
  execFileSync("openssl", args, { cwd: dir, stdio: "pipe" });
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

export function createAuthority(dir: string, name = "authority"): Authority {
  const path = (file: string) => join(dir, file);
  openssl(
    [
      "req",
      "-x509",
      ...KEY,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.pem`,
      "-days",
      "30",
      "-subj",
      `/CN=${name}`,
    ],
    dir,
  );
  let serial = 0;
  return {
    cert: path(`${name}.pem`),
    key: path(`${name}.key`),
    issue: (subject, { client = false, days = 20 } = {}) => {
      serial += 1;
      const own = `${subject}-${serial}`;
      openssl(
        ["req", ...KEY, "-keyout", `${own}.key`, "-out", `${own}.csr`, "-subj", `/CN=${subject}`],
        dir,
      );
      writeFileSync(
        path(`${own}.ext`),
        `basicConstraints=CA:FALSE\nsubjectAltName=DNS:${subject},IP:127.0.0.1\nextendedKeyUsage=${client ? "clientAuth" : "serverAuth"}\n`,
      );
      const now = Date.now();
      const stamp = (atMs: number) =>
        new Date(atMs).toISOString().replace(/[-:T]/g, "").replace(/\..*/, "Z");
      // `openssl ca` alone takes both ends of the time.
      writeFileSync(path(`${own}.index`), "");
      writeFileSync(
        path(`${own}.serial`),
        `${(now * 1000 + serial).toString(16).padStart(14, "0")}\n`,
      );
      writeFileSync(
        path(`${own}.cnf`),
        `[ca]\ndefault_ca=own\n[own]\ndatabase=${own}.index\nserial=${own}.serial\nnew_certs_dir=${dir}\ndefault_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n`,
      );
      openssl(
        [
          "ca",
          "-batch",
          "-notext",
          "-config",
          `${own}.cnf`,
          "-cert",
          `${name}.pem`,
          "-keyfile",
          `${name}.key`,
          "-in",
          `${own}.csr`,
          "-out",
          `${own}.pem`,
          "-extfile",
          `${own}.ext`,
          "-startdate",
          stamp(now - 40 * 86_400_000),
          "-enddate",
          stamp(now + days * 86_400_000),
        ],
        dir,
      );
      const chain =
        readFileSync(path(`${own}.pem`), "utf8") + readFileSync(path(`${name}.pem`), "utf8");
      writeFileSync(path(`${own}.pem`), chain);
      chmodSync(path(`${own}.key`), 0o600);
      return { cert: path(`${own}.pem`), key: path(`${own}.key`) };
    },
  };
}
