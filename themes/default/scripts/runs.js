/* One run, everywhere on the page: hovered for a moment, or pinned. */

/** The runs that an element stands for. */
const tokensOf = (element) => (element.dataset.run || "").split(/\s+/).filter(Boolean);
const idsOf = (element) => tokensOf(element).map((run) => places.get(run));

/* ---- one Tab stop per chart or table; arrow keys move inside ---- */

const MEMBERS = ".rr-mark[tabindex], .rr-lane, tbody > tr[data-run]";
const GROUPS = ".rr-lanes, svg.rr-chart, tbody";
const membersOf = (group) => all(group, MEMBERS).filter((item) => !item.hidden && item.closest(GROUPS) === group);

function rove(group, current) {
  const members = membersOf(group);
  const chosen = current || members.find((item) => item.tabIndex === 0) || members[0];
  for (const item of members) {
    const index = item === chosen ? "0" : "-1";
    if (attribute(item, "tabindex") !== index) dress(item, { tabindex: index });
  }
}

function moveFocus(item, key) {
  const group = item.closest(GROUPS);
  const members = membersOf(group);
  const last = members.length - 1;
  const [across, down] = ARROWS[key] || [0, 0];
  const target = members[key === "Home" ? 0 : key === "End" ? last : clamp(members.indexOf(item) + across + down, 0, last)];
  rove(group, target);
  target.focus();
}

/* ---- highlighting ---- */

const pinned = new Set();
let hovered = [];
let active = new Set();
let timer = 0;
/** Token to the elements that stand for the run. */
const index = new Map();

const note = make("span", { role: "status" });
const clear = button("Clear", () => clearAll(), { hidden: "" });
const only = button("Only these", () => keepOnly([...pinned]), { hidden: "" });
const bar = make("div", { class: "rr-status" }, make("div", {}, note, only, clear));

function indexRuns(elements) {
  for (const element of elements) {
    for (const run of tokensOf(element)) {
      if (!index.has(run)) index.set(run, []);
      index.get(run).push(element);
    }
  }
}

function paint() {
  const wanted = new Set([...pinned, ...hovered].flatMap((run) => index.get(run) || []));
  const charts = new Set([...wanted].filter((element) => element.ownerSVGElement).map((element) => element.closest(".rr-figure") || element.ownerSVGElement));
  for (const element of active) if (!wanted.has(element)) toggle(element, "rr-active", false);
  for (const element of wanted) toggle(element, "rr-active", true);
  active = wanted;
  for (const chart of everywhere(".rr-dim")) if (!charts.has(chart)) toggle(chart, "rr-dim", false);
  for (const chart of charts) toggle(chart, "rr-dim", true);
}

function hover(runs) {
  clearTimeout(timer);
  if (runs.join() === hovered.join()) return;
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
  toggle(root, "rr-has-pins", pinned.size > 0);
  showStatus();
  for (const element of everywhere("[data-run]")) {
    const runs = tokensOf(element);
    const held = runs.every((run) => pinned.has(run));
    toggle(element, "rr-pinned", held);
    const control = element.matches("li") ? one(element, ".rr-key") : element;
    if (control && control.matches("[aria-pressed]")) {
      dress(control, { "aria-pressed": !held && runs.some((run) => pinned.has(run)) ? "mixed" : held });
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
  if (terms.size) words.push(`${countOfRuns()} selected`);
  if (pinned.size) words.push(`${plural(pinned.size, "run")} highlighted`);
  note.textContent = words.join(" \u00b7 ");
  clear.hidden = !words.length;
  only.hidden = !pinned.size || everyRun.length < 2;
  toggle(bar, "rr-on", words.length > 0);
}
