/** The port of the built-in model server: the same at each start where it is free. */
import { createServer } from "node:net";

/** Next to Ollama's own. */
export const USUAL_PORT = 11_435;

/** The usual one, or any free one where another program has that. */
export async function findPort(usual: number = USUAL_PORT): Promise<number> {
  return (await tryPort(usual)) ?? (await tryPort(0)) ?? usual;
}

export function urlOfPort(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      const address = server.address();
      const found = typeof address === "object" ? address?.port : undefined;
      server.close(() => resolve(found));
    });
  });
}
