/** The models that the fake server can have installed, and how /api/tags, /api/show and /api/ps describe them. */

export interface FakeModel {
  name: string;
  sizeBytes: number;
  parameters: string;
  quantization: string;
  capabilities: string[];
  contextTokens: number;
  /** Set for a model that only passes the chat on to another machine. */
  remoteHost?: string;
}

const MODELS: FakeModel[] = [
  {
    name: "tiny:latest",
    sizeBytes: 77e6,
    parameters: "135M",
    quantization: "Q4_0",
    capabilities: ["completion", "tools"],
    contextTokens: 8192,
  },
  {
    name: "chat:3b",
    sizeBytes: 2.0e9,
    parameters: "3.2B",
    quantization: "Q4_K_M",
    capabilities: ["completion", "tools"],
    contextTokens: 131_072,
  },
  {
    name: "chat:8b",
    sizeBytes: 4.9e9,
    parameters: "8.0B",
    quantization: "Q4_K_M",
    capabilities: ["completion", "tools"],
    contextTokens: 131_072,
  },
  {
    name: "think:8b",
    sizeBytes: 4.8e9,
    parameters: "8.2B",
    quantization: "Q4_K_M",
    capabilities: ["completion", "tools", "thinking"],
    contextTokens: 40_960,
  },
  {
    name: "see:4b",
    sizeBytes: 3.3e9,
    parameters: "4.3B",
    quantization: "Q4_K_M",
    capabilities: ["completion", "vision"],
    contextTokens: 131_072,
  },
  {
    name: "embed:latest",
    sizeBytes: 46e6,
    parameters: "23M",
    quantization: "F16",
    capabilities: ["embedding"],
    contextTokens: 512,
  },
  {
    name: "big:120b-cloud",
    sizeBytes: 384,
    parameters: "120B",
    quantization: "MXFP4",
    capabilities: ["completion", "tools", "thinking"],
    contextTokens: 131_072,
    remoteHost: "https://ollama.com:443",
  },
  {
    name: "disguised:latest",
    sizeBytes: 384,
    parameters: "120B",
    quantization: "MXFP4",
    capabilities: ["completion"],
    contextTokens: 131_072,
    remoteHost: "https://ollama.com:443",
  },
];

const byName = new Map(MODELS.map((model) => [model.name, model]));

/** A name without a tag means `:latest`. */
export function findModel(name: string, installed: string[]): FakeModel | undefined {
  const full = name.includes(":") ? name : `${name}:latest`;
  return installed.includes(full) ? byName.get(full) : undefined;
}

function describe(model: FakeModel) {
  return {
    name: model.name,
    model: model.name,
    size: model.sizeBytes,
    details: {
      format: "gguf",
      family: "llama",
      parameter_size: model.parameters,
      quantization_level: model.quantization,
    },
    ...(model.remoteHost === undefined
      ? {}
      : { remote_host: model.remoteHost, remote_model: model.name }),
  };
}

export function renderTags(installed: string[]) {
  const models = installed.flatMap((name) => findModel(name, installed) ?? []);
  return {
    models: models.map((model) => ({ ...describe(model), capabilities: model.capabilities })),
  };
}

export function renderShow(model: FakeModel) {
  return {
    ...describe(model),
    capabilities: model.capabilities,
    model_info: {
      "general.architecture": "llama",
      "llama.context_length": model.contextTokens,
      "llama.embedding_length": 384,
    },
  };
}

/** `loaded` maps names to the context they were loaded with. */
export function renderPs(loaded: ReadonlyMap<string, number>) {
  const running = [...loaded].flatMap(([name, contextTokens]) => {
    const model = byName.get(name);
    return model ? [{ ...describe(model), context_length: contextTokens }] : [];
  });
  return { models: running };
}
