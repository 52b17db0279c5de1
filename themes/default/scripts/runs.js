/* One run, everywhere on the page: hovered for a moment, or pinned. */

/** The runs that an element stands for. */
const tokensOf = (element) => (element.dataset.run || "").split(/\s+/).filter(Boolean);

/* ---- one Tab stop per chart or table; arrow keys move inside ---- */

const MEMBERS = ".rr-mark[tabindex], .rr-lane, tbody > tr[data-run]";
const GROUPS = ".rr-lanes, svg.rr-chart, tbody";
const membersOf = (group) => all(group, MEMBERS).filter((item) => !item.hidden && item.closest(GROUPS) === group);

function rove(group, current) {
  const members = membersOf(group);
  const chosen = current || members.find((item) => item.tabIndex === 0) || members[0];
  for (const item of members) {
    const index = item === chosen ? "0" : "-1";
    if (item.getAttribute("tabindex") !== index) item.setAttribute("tabindex", index);
  }
}

const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

function moveFocus(item, key) {
  const group = item.closest(GROUPS);
  const members = membersOf(group);
  const last = members.length - 1;
  const at = members.indexOf(item) + (STEPS[key] || 0);
  const target = members[key === "Home" ? 0 : key === "End" ? last : clamp(at, 0, last)];
  rove(group, target);
  target.focus();
}

/* ---- highlighting ---- */

const pinned = new Set();
let hovered = [];
let active = new Set();
let index = null;
let timer = 0;

const note = make("span", { role: "status" });
const clear = button("Clear", () => clearAll(), { hidden: "" });
const only = button("Only these", () => keepOnly([...pinned]), { hidden: "" });
const bar = make("div", { class: "rr-status" }, make("div", {}, note, only, clear));

/** Token to the elements that stand for the run. */
function indexRuns() {
  index = new Map();
  for (const element of all(document, "[data-run]")) {
    for (const run of tokensOf(element)) {
      if (!index.has(run)) index.set(run, []);
      index.get(run).push(element);
    }
  }
}

function paint() {
  if (!index) indexRuns();
  const wanted = new Set();
  const charts = new Set();
  for (const run of new Set([...pinned, ...hovered])) {
    for (const element of index.get(run) || []) {
      wanted.add(element);
      if (element.ownerSVGElement) charts.add(element.closest(".rr-figure") || element.ownerSVGElement);
    }
  }
  for (const element of active) if (!wanted.has(element)) element.classList.remove("rr-active");
  for (const element of wanted) element.classList.add("rr-active");
  active = wanted;
  for (const chart of all(document, ".rr-dim")) if (!charts.has(chart)) chart.classList.remove("rr-dim");
  for (const chart of charts) chart.classList.add("rr-dim");
}

function hover(runs) {
  clearTimeout(timer);
  if (runs.join(" ") === hovered.join(" ")) return;
  // a pointer that only passes over leaves the page calm
  timer = setTimeout(() => {
    hovered = runs;
    paint();
  }, 40);
}

function pin(runs) {
  const held = runs.every((run) => pinned.has(run));
  for (const run of runs) pinned[held ? "delete" : "add"](run);
  showPins();
}

function showPins() {
  paint();
  document.documentElement.classList.toggle("rr-has-pins", pinned.size > 0);
  showStatus();
  for (const element of all(document, "[data-run]")) {
    const runs = tokensOf(element);
    const held = runs.every((run) => pinned.has(run));
    element.classList.toggle("rr-pinned", held);
    const control = element.matches("li") ? element.querySelector(".rr-key") : element;
    if (control && control.hasAttribute("aria-pressed")) {
      const some = !held && runs.some((run) => pinned.has(run));
      control.setAttribute("aria-pressed", some ? "mixed" : String(held));
    }
    if (element.matches("tr")) element[held ? "setAttribute" : "removeAttribute"]("aria-current", "true");
  }
}

function unpin() {
  pinned.clear();
  hovered = [];
  clearTimeout(timer);
  showPins();
}

/** Says at the window's edge what is selected and what is highlighted. */
function showStatus() {
  const words = [];
  if (terms.size) words.push(`${chosenCount} of ${plural(everyRun.length, "run")} selected`);
  if (pinned.size) words.push(`${plural(pinned.size, "run")} highlighted`);
  note.textContent = words.join(" \u00b7 ");
  clear.hidden = !words.length;
  only.hidden = !pinned.size || everyRun.length < 2;
  bar.classList.toggle("rr-on", words.length > 0);
}
