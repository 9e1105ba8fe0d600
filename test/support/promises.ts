/** The promises of SECURITY.md, row by row: id, and the tests that the row names. */
import { readProjectFile } from "./project-files.ts";

const ROW = /^\| ([A-Z]+)-(\d+) \| (.+?) \| (.+) \|$/;
const PROOF = /`(test\/[^`]+)`: "([^"]+)"/g;

export interface TestNamed {
  path: string;
  title: string;
}

export interface SecurityPromise {
  area: string;
  number: number;
  says: string;
  tests: TestNamed[];
}

export function loadPromises(): SecurityPromise[] {
  return readProjectFile("SECURITY.md")
    .split("\n")
    .flatMap((line) => {
      const [, area, number, says, proof] = ROW.exec(line) ?? [];
      if (!(area && number && says && proof)) return [];
      const tests = Array.from(proof.matchAll(PROOF), ([, path = "", title = ""]) => ({
        path,
        title,
      }));
      return [{ area, number: Number(number), says, tests }];
    });
}
