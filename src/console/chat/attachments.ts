/** The files of the message that is being written: uploaded as soon as they are added. */
import { signal } from "@preact/signals";
import { MAX_FILE_BYTES, MAX_FILES_PER_MESSAGE } from "../../core/chat-protocol.ts";
import type { MediaRef } from "../../core/message.ts";
import { toApiError } from "../api-error.ts";
import { say } from "../preferences.ts";
import { checkFile } from "./file-rules.ts";
import { uploadFile } from "./upload.ts";

export interface Attachment {
  id: string;
  file: File;
  /** An address of the file in this page, for images. */
  previewUrl: string | undefined;
  state:
    | { status: "uploading"; share: number }
    | { status: "done"; media: MediaRef }
    | { status: "failed"; message: string };
}

export const attachments = signal<readonly Attachment[]>([]);
/** Why files were not taken, until the next ones are. */
export const attachmentProblem = signal<string | undefined>(undefined);

const controllers = new Map<string, AbortController>();

function setState(id: string, state: Attachment["state"]): void {
  attachments.value = attachments.value.map((item) => (item.id === id ? { ...item, state } : item));
}

export function addFiles(files: Iterable<File>): void {
  attachmentProblem.value = undefined;
  for (const file of files) addFile(file);
}

function addFile(file: File): void {
  const problem = checkFile(file);
  const { name } = file;
  if (problem === "empty") attachmentProblem.value = say("fileEmpty", { name });
  else if (problem === "too_large")
    attachmentProblem.value = say("fileTooLarge", { name, max: MAX_FILE_BYTES / 1024 / 1024 });
  else if (attachments.value.length >= MAX_FILES_PER_MESSAGE)
    attachmentProblem.value = say("tooManyFiles", { max: MAX_FILES_PER_MESSAGE });
  else {
    const id = crypto.getRandomValues(new Uint32Array(2)).join("-");
    const isImage = file.type.startsWith("image/");
    const previewUrl = isImage ? URL.createObjectURL(file) : undefined;
    const state = { status: "uploading", share: 0 } as const;
    attachments.value = [...attachments.value, { id, file, previewUrl, state }];
    void upload(id, file);
  }
}

async function upload(id: string, file: File): Promise<void> {
  const controller = new AbortController();
  controllers.set(id, controller);
  const progress = (share: number) => setState(id, { status: "uploading", share });
  try {
    setState(id, { status: "done", media: await uploadFile(file, progress, controller.signal) });
  } catch (error) {
    const { problem } = toApiError(error);
    const message = problem?.code === "file/store_full" ? say("storeFull") : problem?.detail;
    setState(id, { status: "failed", message: message ?? say("uploadFailed") });
  } finally {
    controllers.delete(id);
  }
}

export function retryUpload(id: string): void {
  const found = attachments.value.find((item) => item.id === id);
  if (!found) return;
  setState(id, { status: "uploading", share: 0 });
  void upload(id, found.file);
}

export function removeAttachment(id: string): void {
  controllers.get(id)?.abort();
  attachments.value = attachments.value.filter((item) => {
    if (item.id === id && item.previewUrl) URL.revokeObjectURL(item.previewUrl);
    return item.id !== id;
  });
}

/** True while a file is on its way, or could not be uploaded: the message then waits. */
export function isUploading(items: readonly Attachment[]): boolean {
  return items.some((item) => item.state.status !== "done");
}

/** The uploaded files, which now belong to a message. */
export function takeAttachments(): MediaRef[] {
  const taken = attachments.value.flatMap(({ state }) =>
    state.status === "done" ? [state.media] : [],
  );
  for (const item of attachments.value) removeAttachment(item.id);
  return taken;
}
