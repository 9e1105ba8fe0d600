/** The addresses of the console's views: the page draws them, and the Worker answers them with the page. Pure. */

export const VIEW_PATHS = { chat: "/", settings: "/settings" } as const satisfies Record<
  string,
  `/${string}`
>;

export type ViewName = keyof typeof VIEW_PATHS;
