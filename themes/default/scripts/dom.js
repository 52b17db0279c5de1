/* Elements, texts and numbers. Strings among the children become text, never markup. */

const all = (root, selector) => [...root.querySelectorAll(selector)];
const SVG = "http://www.w3.org/2000/svg";

/** Set attributes; functions become listeners. */
function dress(element, attributes) {
  for (const key in attributes) {
    if (typeof attributes[key] === "function") element.addEventListener(key, attributes[key]);
    else element.setAttribute(key, attributes[key]);
  }
  return element;
}

function make(name, attributes, ...children) {
  const element = dress(document.createElement(name), attributes);
  element.append(...children);
  return element;
}

function draw(name, attributes, ...children) {
  const element = dress(document.createElementNS(SVG, name), attributes);
  element.append(...children);
  return element;
}

const button = (title, click, more) => make("button", { type: "button", click, ...more }, title);
const tidy = (text) => text.replace(/\s+/g, " ").trim();
const fold = (text) => tidy(text).toLowerCase();
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const minus = (text) => String(text).replace(/-/g, "\u2212");
const near = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const collator = new Intl.Collator(undefined, { numeric: true });

/** The number a text stands for, or null: "12px", "" and "nan" are no numbers. */
function toNumber(text) {
  const plain = text.trim().replace(/\u2212/g, "-");
  if (NUMBER.test(plain)) return Number(plain);
  const infinite = /^([+-]?)inf(inity)?$/i.exec(plain);
  return infinite ? (infinite[1] === "-" ? -Infinity : Infinity) : null;
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return (a > b) - (a < b);
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return collator.compare(a, b);
}

function menu(title, items) {
  const panel = make("div", { class: "rr-menu-panel" }, ...items);
  return make("details", { class: "rr-menu" }, make("summary", {}, title), panel);
}

const closeMenus = (except) => {
  for (const open of all(document, "details.rr-menu[open]")) if (open !== except) open.open = false;
};

/** Put text on the clipboard; where a page may not, leave it selected for the reader. */
async function copy(text, place) {
  try {
    await navigator.clipboard.writeText(text);
    return "copied";
  } catch {
    const area = make("textarea", { class: "rr-copy", readonly: "", rows: "6", "aria-label": "Text to copy" });
    area.value = text;
    place.append(area);
    area.select();
    let done = false;
    try {
      done = document.execCommand("copy");
    } catch {}
    if (done) {
      area.remove();
      return "copied";
    }
    area.addEventListener("blur", () => area.remove());
    return "selected below, press Ctrl+C to copy";
  }
}

/** Kind of a part of the selection to what sets it again from a link. */
const restore = {};
