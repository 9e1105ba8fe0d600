/**
 * Makes the children of one node equal to those of another and touches only what differs: a selection, the position
 * inside a wide code block, and the focus survive while an answer grows.
 */

export function patchChildren(target: Node, source: Node): void {
  const wanted = [...source.childNodes];
  for (const [at, node] of wanted.entries()) {
    const current = target.childNodes[at];
    if (!current) target.appendChild(node);
    else if (!patchNode(current, node)) target.replaceChild(node, current);
  }
  while (target.childNodes.length > wanted.length) target.lastChild?.remove();
}

/** False where the node has to be replaced. */
function patchNode(current: Node, wanted: Node): boolean {
  if (current.nodeType !== wanted.nodeType || current.nodeName !== wanted.nodeName) return false;
  if (current instanceof Text) patchText(current, wanted.nodeValue ?? "");
  if (current instanceof Element && wanted instanceof Element) {
    patchAttributes(current, wanted);
    patchChildren(current, wanted);
  }
  return true;
}

function patchText(current: Text, text: string): void {
  if (current.data === text) return;
  if (text.startsWith(current.data)) current.appendData(text.slice(current.data.length));
  else current.data = text;
}

function patchAttributes(current: Element, wanted: Element): void {
  for (const { name } of [...current.attributes])
    if (!wanted.hasAttribute(name)) current.removeAttribute(name);
  for (const { name, value } of wanted.attributes)
    if (current.getAttribute(name) !== value) current.setAttribute(name, value);
}
