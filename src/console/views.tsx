/** The console's views, by name: what each shows and how its window is titled. Addresses are in core/console-views.ts. */
import type { ComponentType } from "preact";
import { VIEW_PATHS, type ViewName } from "../core/console-views.ts";
import { AccountView } from "./account/account-view.tsx";
import { ExportView } from "./account/export-view.tsx";
import { ChatView } from "./chat/chat-view.tsx";

export interface View {
  Component: ComponentType;
  /** Shown to whoever comes, signed in or not. */
  isOpen?: true;
}

export const VIEWS: Record<ViewName, View> = {
  chat: { Component: ChatView },
  settings: { Component: AccountView },
  export: { Component: ExportView, isOpen: true },
};

/** The view of an address; the chat for one that is none. */
export function findView(pathname: string): ViewName {
  const names = Object.keys(VIEW_PATHS) as ViewName[]; // Object.keys widens to string
  return names.find((name) => VIEW_PATHS[name] === pathname) ?? "chat";
}
