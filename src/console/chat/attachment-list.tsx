/** The files of the message that is being written, with their progress. */
import { CloseIcon, FileIcon } from "../icons.tsx";
import { say } from "../preferences.ts";
import {
  type Attachment,
  attachmentProblem,
  attachments,
  removeAttachment,
  retryUpload,
} from "./attachments.ts";
import { renderSize } from "./when.ts";

function State({ attachment }: { attachment: Attachment }) {
  const { id, file, state } = attachment;
  if (state.status === "done") return <span class="media-size">{renderSize(file.size)}</span>;
  if (state.status === "uploading") {
    const percent = Math.round(state.share * 100);
    return (
      <progress max={100} value={percent} aria-label={file.name}>
        {say("uploading", { percent })}
      </progress>
    );
  }
  return (
    <span class="trouble">
      {state.message}{" "}
      <button type="button" class="link" onClick={() => retryUpload(id)}>
        {say("tryAgain")}
      </button>
    </span>
  );
}

export function AttachmentList() {
  const problem = attachmentProblem.value;
  return (
    <>
      {problem ? (
        <p class="notice trouble" role="alert">
          {problem}
          <button
            type="button"
            class="link"
            onClick={() => {
              attachmentProblem.value = undefined;
            }}
          >
            {say("dismiss")}
          </button>
        </p>
      ) : null}
      {attachments.value.length > 0 ? (
        <ul class="attachments" aria-label={say("attachments")}>
          {attachments.value.map((attachment) => (
            <li key={attachment.id}>
              {attachment.previewUrl ? <img src={attachment.previewUrl} alt="" /> : <FileIcon />}
              <span class="attachment-text">
                <span class="media-name">{attachment.file.name}</span>
                <State attachment={attachment} />
              </span>
              <button
                type="button"
                class="icon-button small"
                onClick={() => removeAttachment(attachment.id)}
                aria-label={say("removeFile", { name: attachment.file.name })}
              >
                <CloseIcon />
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </>
  );
}
