/** What a test inside workerd is told of the model servers that run beside it, in Node. */
export interface ModelServers {
  main: string;
  other: string;
}

declare module "vitest" {
  interface ProvidedContext {
    modelServers: ModelServers;
  }
}
