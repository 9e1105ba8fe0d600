/** A bill of materials as `npm sbom` makes it, without what differs from run to run and from folder to folder. Pure. */
import { createHash } from "node:crypto";
import type { LockedPackage } from "./package-locks.ts";

export interface BomComponent {
  name: string;
  version: string;
  licenses?: readonly ({ license: { id: string } } | { expression: string })[];
}

export interface Bom {
  serialNumber?: string;
  metadata: { timestamp?: string; component: { name: string } };
  components?: readonly BomComponent[];
}

/** With the licences that a lock does not state: of binaries for systems that our registry did not carry. */
export function withLicences(bom: Bom, packages: readonly LockedPackage[]): Bom {
  const known = new Map(
    packages.map(({ name, version, licence }) => [`${name}@${version}`, licence]),
  );
  const components = (bom.components ?? []).map((component) => {
    const licence = known.get(`${component.name}@${component.version}`);
    if (component.licenses?.length || licence === undefined) return component;
    const isOne = /^[\w.-]+$/.test(licence);
    return {
      ...component,
      licenses: [isOne ? { license: { id: licence } } : { expression: licence }],
    };
  });
  return { ...bom, components };
}

/** The serial number follows from the content: the same packages, name and time give the same one. */
export function settleBom(bom: Bom, name: string, atSeconds: number): Bom {
  const { serialNumber: _, ...rest } = bom;
  const timestamp = new Date(atSeconds * 1000).toISOString();
  const component = { ...bom.metadata.component, name };
  const settled = { ...rest, metadata: { ...bom.metadata, timestamp, component } };
  const hash = createHash("sha256").update(JSON.stringify(settled)).digest("hex");
  return { serialNumber: `urn:uuid:${asUuid(hash)}`, ...settled };
}

/** Version 8 of RFC 9562: bits of one's own choice. */
function asUuid(hash: string): string {
  const variant = "89ab".charAt(Number.parseInt(hash.charAt(16), 16) % 4);
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `${variant}${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join("-");
}
