/** The addresses of the console's views: the page draws them, and the Worker answers them with the page. Pure. */

export const VIEW_PATHS = {
  chat: "/",
  settings: "/settings",
  export: "/export",
} as const satisfies Record<string, `/${string}`>;

/** Where the provider sends the browser back to: the page takes the answer from its address, and shows another view. */
export const RETURN_PATH = "/oidc";

export type ViewName = keyof typeof VIEW_PATHS;
