/** Markdown as it stands on the page; text that grows is drawn block by block, and finished blocks are left alone. */
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { copyText } from "../clipboard.ts";
import { say } from "../preferences.ts";
import { cutBlocks, NO_BLOCKS } from "./blocks.ts";
import { patchChildren } from "./patch-dom.ts";
import { type RenderLabels, renderBlock } from "./render.ts";
import { sanitise } from "./sanitise.ts";

const COPIED_MS = 2000;

interface BlockProps {
  source: string;
  references: Parameters<typeof renderBlock>[1];
  labels: RenderLabels;
}

function Block({ source, references, labels }: BlockProps) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (element.current)
      patchChildren(element.current, sanitise(renderBlock(source, references, labels)));
  }, [source, references, labels]);
  return <div ref={element} class="block" />;
}

async function copyCode(event: Event): Promise<void> {
  const button = event.target instanceof Element ? event.target.closest("button.copy") : null;
  const code = button?.closest("figure")?.querySelector("code");
  if (!button || !code) return;
  const done = await copyText(code.textContent);
  button.textContent = say(done ? "copied" : "copyFailed");
  setTimeout(() => {
    button.textContent = say("copy");
  }, COPIED_MS);
}

export function Markdown({ text }: { text: string }) {
  const previous = useRef(NO_BLOCKS);
  const blocks = useMemo(() => cutBlocks(previous.current, text), [text]);
  previous.current = blocks;
  const copy = say("copy");
  const opensImage = say("opensImage");
  const labels = useMemo(() => ({ copy, opensImage }), [copy, opensImage]);
  const names = JSON.stringify(blocks.references);
  const references = useMemo(() => blocks.references, [names]);
  return (
    // biome-ignore lint/a11y: the copy buttons inside are the controls; this only listens for them.
    <div class="markdown" onClick={(event) => void copyCode(event)}>
      {blocks.sources.map((source, at) => (
        <Block key={at} source={source} references={references} labels={labels} />
      ))}
    </div>
  );
}
