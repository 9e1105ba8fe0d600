/** The files of a message: raster images in place, everything else as a download. */
import { INLINE_IMAGE_TYPES } from "../../core/chat-protocol.ts";
import type { MediaRef } from "../../core/message.ts";
import { FileIcon } from "../icons.tsx";
import { renderSize } from "./when.ts";

function Media({ media }: { media: MediaRef }) {
  const name = media.name ?? media.kind;
  const size = media.sizeBytes === undefined ? "" : renderSize(media.sizeBytes);
  const href = media.fileId && `/api/chat/files/${encodeURIComponent(media.fileId)}`;
  if (href && INLINE_IMAGE_TYPES.has(media.mime ?? ""))
    return (
      <a class="media-image" href={href} target="_blank" rel="noopener">
        <img src={href} alt={name} loading="lazy" />
      </a>
    );
  const text = (
    <>
      <FileIcon />
      <span class="media-name">{name}</span>
      <span class="media-size">{size}</span>
    </>
  );
  // A file that the platform still holds has no address here.
  if (!href) return <span class="media-file">{text}</span>;
  return (
    <a class="media-file" href={href} download={name}>
      {text}
    </a>
  );
}

export function MediaList({ media }: { media: readonly MediaRef[] }) {
  if (media.length === 0) return null;
  return (
    <ul class="media">
      {media.map((item, at) => (
        <li key={item.fileId ?? at}>
          <Media media={item} />
        </li>
      ))}
    </ul>
  );
}
