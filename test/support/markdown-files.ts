/** Markdown files as the tests of the documents take them apart: headings, links, code blocks. */
import { posix } from "node:path";
import { listProjectFiles, readProjectFile } from "./project-files.ts";

export interface MarkdownFile {
  path: string;
  /** Without what stands in code blocks. */
  prose: string;
  /** The text inside each fenced block. */
  codeBlocks: string[];
}

const FENCED = /^```[^\n]*\n([\s\S]*?)^```$/gm;

export function parseMarkdown(path: string, text: string): MarkdownFile {
  return {
    path,
    prose: text.replace(FENCED, ""),
    codeBlocks: [...text.matchAll(FENCED)].map(([, code = ""]) => code),
  };
}

export function loadMarkdownFiles(): MarkdownFile[] {
  return listProjectFiles("*.md", "docs/**/*.md").map((path) =>
    parseMarkdown(path, readProjectFile(path)),
  );
}

/** Headings with their marks, in order. */
export function headingsOf({ prose }: MarkdownFile): string[] {
  return prose.match(/^#{1,6} .+$/gm) ?? [];
}

/** The fragment that a heading is linked by, as GitHub makes it. */
export function slugOf(heading: string): string {
  return heading
    .replace(/^#+ /, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}

/** What relative links point at: path from the project's folder and fragment. */
export function relativeLinksOf({ path, prose }: MarkdownFile): { target: string; slug: string }[] {
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  return links
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [file = "", slug = ""] = link.split("#");
      const target = file === "" ? path : posix.join(posix.dirname(path), file);
      return { target: target.replace(/\/$/, ""), slug };
    });
}
