/** The files of a tar archive, as text, by their paths. */
export function tarTexts(bytes: Uint8Array): Map<string, string> {
  const files = new Map<string, string>();
  const text = (from: number, to: number) => new TextDecoder().decode(bytes.subarray(from, to));
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const path = text(at, at + 100).replaceAll("\0", "");
    const size = Number.parseInt(text(at + 124, at + 135), 8);
    files.set(path, text(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
