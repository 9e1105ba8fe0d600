/**
 * The second wall: whatever the first one let through, only these elements and attributes reach the page. Everything
 * that loads, runs, submits or styles is left out.
 */
import DOMPurify from "dompurify";

const TAGS = [
  ..."a b blockquote br button code del div em figcaption figure h1 h2 h3 h4 h5 h6 hr li ol p pre s".split(
    " ",
  ),
  ..."span strong table tbody td th thead tr ul".split(" "),
];
const ATTRIBUTES = ["href", "target", "rel", "title", "class", "tabindex", "type", "start"];

/** Of `html`, what may stand in the page; not part of the document yet. */
export function sanitise(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    // The pattern is put to every attribute but those that are said to hold no address.
    ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
    ADD_URI_SAFE_ATTR: ATTRIBUTES.filter((name) => name !== "href"),
    RETURN_DOM_FRAGMENT: true,
  });
}
