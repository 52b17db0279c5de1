/* Elements, texts, numbers, pointers and keys. Strings among the children become text, never
   markup. */

const { abs, hypot, log10, max, min, pow, round, sqrt } = Math;
const { isFinite } = Number;
const { documentElement: root } = document;

const all = (place, selector) => [...place.querySelectorAll(selector)];
const one = (place, selector) => place.querySelector(selector);
const everywhere = (selector) => all(document, selector);
const on = (target, kind, listener, more) => target.addEventListener(kind, listener, more);
const toggle = (element, name, state) => element.classList.toggle(name, state);
const attribute = (element, name) => element.getAttribute(name);
const frameOf = (element) => element.getBoundingClientRect();

/** Set attributes; functions become listeners. */
function dress(element, attributes) {
  for (const key in attributes) {
    if (typeof attributes[key] === "function") on(element, key, attributes[key]);
    else element.setAttribute(key, attributes[key]);
  }
  return element;
}

function filled(element, attributes, children) {
  dress(element, attributes).append(...children);
  return element;
}

const make = (name, attributes, ...children) => filled(document.createElement(name), attributes, children);
const draw = (name, attributes, ...children) =>
  filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
const button = (title, click, more) => make("button", { type: "button", click, ...more }, title);

/** A box to tick, with its label. */
function checkbox(label, checked, change, more) {
  const check = make("input", { type: "checkbox", change: () => change(check.checked) });
  check.checked = checked;
  return make("label", more, check, ` ${label}`);
}

/** Where an element stands, in pixels of the window or of what holds it. */
function put(element, places) {
  for (const key in places) element.style[key] = `${places[key]}px`;
}

const tidy = (text) => text.replace(/\s+/g, " ").trim();
const textOf = (element) => tidy(element.textContent);
const fold = (text) => tidy(text).toLowerCase();
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
const clamp = (value, low, high) => min(max(value, low), high);
const minus = (text) => String(text).replace(/-/g, "\u2212");
const quoted = (text) => `\u201c${text}\u201d`;
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

/** The number with the fewest digits that is good enough. */
function rounded(value, isGood) {
  for (let digits = 1; digits < 17; digits++) {
    const found = Number(value.toPrecision(digits));
    if (isGood(found)) return found;
  }
  return value;
}

function menu(title, ...items) {
  return make("details", { class: "rr-menu" }, make("summary", {}, title), make("div", { class: "rr-menu-panel" }, ...items));
}

const closeMenus = (except) => {
  for (const open of everywhere("details.rr-menu[open]")) if (open !== except) open.open = false;
};

/** Put text on the clipboard; where a page may not, leave it selected for the reader. */
async function copy(text, place) {
  const done = "copied";
  try {
    await navigator.clipboard.writeText(text);
    return done;
  } catch {
    const area = make("textarea", { class: "rr-copy", readonly: "", rows: "6", "aria-label": "Text to copy" });
    area.value = text;
    place.append(area);
    area.select();
    if (document.execCommand("copy")) {
      area.remove();
      return done;
    }
    on(area, "blur", () => area.remove());
    return "selected below, press Ctrl+C to copy";
  }
}

/* ---- pointers and keys ---- */

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const isDelete = ({ key }) => key === "Delete" || key === "Backspace";
const isPress = ({ key }) => key === "Enter" || key === " ";

/** Nobody else answers the event. */
function halt(event) {
  event.preventDefault();
  event.stopPropagation();
}

/** Where an event happened in a drawing. */
const placeOf = ({ clientX, clientY }, drawing) =>
  new DOMPoint(clientX, clientY).matrixTransform(drawing.getScreenCTM().inverse());

/** Whether a pointer is down, and whether it moved since: then the click that follows is none. */
let held = false;
let dragged = false;

/** Follow a pointer that goes down on an element.
    `begin(event)` yields nothing, or `{ move(event), end(how, event) }`; how is drag, tap, or false
    when the browser took the pointer away. */
function follow(element, slack, begin) {
  on(element, "pointerdown", (first) => {
    const track = !first.button && begin(first);
    if (!track) return;
    const stop = new AbortController();
    let moved = false;
    const listen = (kinds, answer) => {
      for (const kind of kinds) {
        on(document, kind, (event) => event.pointerId === first.pointerId && answer(event), stop);
      }
    };
    listen(["pointermove"], (event) => {
      moved = moved || hypot(event.clientX - first.clientX, event.clientY - first.clientY) >= slack;
      if (!moved) return;
      dragged = true;
      hideTip();
      track.move(event);
    });
    listen(["pointerup", "pointercancel"], (event) => {
      stop.abort();
      track.end(event.type === "pointerup" && (moved ? "drag" : "tap"), event);
    });
  });
}

/** Key of a part of the selection to what sets it again from a link. */
const restore = Object.create(null);
