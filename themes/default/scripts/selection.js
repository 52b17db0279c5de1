/* One selection per page: what a filter, brushes, regions and legends leave together. */

let everyRun = [];
let places = new Map();
let data = { columns: [], level: 0.95, left: [] };
let linked = [];
let chosen = null;
let chosenCount = 0;
let frame = 0;
let late = 0;
/** Key to `{ words, test(n), state }`: a run is selected when every test holds. */
const terms = new Map();
/** Called a moment after the selection came to rest. */
const followers = [];

const isChosen = (runs) => !chosen || !runs.length || runs.some((run) => chosen[places.get(run)]);

function readData() {
  const element = document.getElementById("rr-runs");
  if (element) data = JSON.parse(element.textContent);
  const marked = all(document, "[data-run]");
  everyRun = [...new Set([...(data.runs || []), ...marked.flatMap(tokensOf)])];
  places = new Map(everyRun.map((run, n) => [run, n]));
  linked = marked
    .filter((element) => element.matches(".rr-mark, li"))
    .map((element) => ({ element, ids: tokensOf(element).map((run) => places.get(run)), out: false }));
  chosenCount = everyRun.length;
  for (const column of data.columns) {
    const { f, w, i, v } = column;
    const words = w && (f === "run" || f === "group" ? w : w.map(written));
    column.read = (n) => {
      if (n >= data.runs.length) return null;
      if (v) return typeof v[n] === "string" ? Number(v[n].replace("inf", "Infinity")) : v[n];
      const at = i ? i[n] : 0;
      return at < 0 ? null : words[at];
    };
  }
}

/** What reads a run's value by a name, as the spec's own names are understood. */
function findColumn(family, name) {
  const held = (f, n) => data.columns.filter((column) => column.f === f && column.n === n);
  let found = family ? held(family, name) : [];
  if (!family) {
    const [first, ...rest] = name.split(".");
    if (FAMILIES.includes(first) && rest.length) found = held(first, rest.join("."));
    found.push(...["run", "params", "metrics"].flatMap((f) => held(f, name)));
  }
  if (found.length === 1) return found[0].read;
  const form = ({ f, n }) => (/^[a-z_][\w.]*$/i.test(n) ? `${f}.${n}` : `${f}["${n}"]`);
  if (found.length) throw { said: `\u201c${name}\u201d has several meanings`, hint: `write ${found.map(form).join(" or ")}` };
  const known = data.columns.filter(({ f }) => f !== "group");
  const close = known.filter(({ n }) => fold(n).includes(fold(name)) || fold(name).includes(fold(n)));
  const some = (close.length ? close : known).slice(0, 8).map(form);
  throw {
    said: `this page holds no attribute, param or metric \u201c${name}\u201d`,
    hint: some.length ? (close.length ? "did you mean " : "it holds ") + some.join(", ") : "",
  };
}

function setTerm(key, term) {
  if (term) terms.set(key, term);
  else terms.delete(key);
  frame = frame || requestAnimationFrame(choose);
}

function choose() {
  frame = 0;
  const tests = [...terms.values()].map(({ test }) => test);
  chosen = tests.length ? Uint8Array.from(everyRun, (_, n) => tests.every((test) => test(n))) : null;
  chosenCount = chosen ? chosen.reduce((sum, one) => sum + one, 0) : everyRun.length;
  for (const entry of linked) {
    const out = chosen !== null && !entry.ids.some((n) => chosen[n]);
    if (out !== entry.out) entry.element.classList.toggle("rr-out", (entry.out = out));
  }
  showStatus();
  moved = true;
  clearTimeout(late);
  late = setTimeout(follow, 60);
}

/** Tables and means follow when the hand rests: nothing moves away under it. */
let held = false;
let moved = false;
addEventListener("pointerdown", () => (held = true), true);
for (const end of ["pointerup", "pointercancel"]) {
  addEventListener(end, () => {
    held = false;
    // after the click that this may be
    setTimeout(follow);
  });
}

function follow() {
  if (held || frame || !moved) return;
  moved = false;
  for (const follower of followers) follower();
}

function clearAll() {
  for (const { remove } of [...terms.values()]) if (remove) remove();
  terms.clear();
  unpin();
  setTerm("");
}

/* ---- the panel: filter, what is selected, its means ---- */

const filterField = make("input", {
  type: "search", class: "rr-filter rr-wide-filter", autocomplete: "off", spellcheck: "false", "aria-label": "Select runs",
  "aria-describedby": "rr-problem", input: () => filterBy(filterField.value),
});
const problemNote = make("span", { class: "rr-problem", id: "rr-problem", role: "status" });
const countNote = make("span", { class: "rr-count", role: "status" });
const chips = make("div", { class: "rr-chips" });
const means = make("div", { class: "rr-summary" });
const summary = make("details", { class: "rr-means", hidden: "" }, make("summary", {}, "Means"), means);
const panel = make("div", { class: "rr-panel" });

function filterBy(text) {
  filterField.value = text;
  problemNote.textContent = "";
  filterField.removeAttribute("aria-invalid");
  if (!text.trim()) return setTerm("filter");
  try {
    const test = parseFilter(text, findColumn);
    setTerm("filter", { words: text, test, state: text, remove: () => filterBy("") });
  } catch (problem) {
    if (!problem.said) throw problem;
    // what is half typed leaves the page as it is
    problemNote.textContent = told(problem);
    filterField.setAttribute("aria-invalid", "true");
  }
}
restore.filter = filterBy;

function buildPanel() {
  const first = all(document, "[data-rr-figure], [data-rr-table]").find((box) => box.querySelector("[data-run]"));
  if (!first || everyRun.length < 2) return;
  const example = data.columns.find(({ f, v }) => v && f !== "run") || data.columns.find(({ f }) => f === "params");
  filterField.placeholder = example ? `as in ${example.n} ${example.v ? "> 0.5" : "== " + JSON.stringify(example.w[0])}` : "";
  if (data.left.length) filterField.title = `Not on this page: ${data.left.join(", ")}`;
  const label = make("label", {}, "Select runs ", filterField);
  const tools = make("div", { class: "rr-tools" }, ...(data.columns.length ? [label] : []), problemNote, countNote);
  tools.append(
    button("Copy link", async () => (countNote.textContent = `Link ${await copy(linkOf(), tools)}`)),
    button("Save CSV", () => download(selectionCsv(), "runs.csv", "text/csv"))
  );
  panel.append(tools);
  bar.append(chips, summary);
  summary.open = innerWidth > 800;
  let place = first;
  while (place.parentElement && !place.parentElement.matches("article, body, .md-content__inner")) place = place.parentElement;
  place.before(panel);
  followers.push(showPanel);
  showPanel();
}

function showPanel() {
  countNote.textContent = terms.size ? `${chosenCount} of ${plural(everyRun.length, "run")}` : plural(everyRun.length, "run");
  chips.replaceChildren(
    ...[...terms].filter(([key]) => key !== "filter").map(([key, { words, remove }]) => {
      const drop = () => {
        if (remove) remove();
        setTerm(key);
      };
      return make("span", { class: "rr-chip" }, words, button("\u00d7", drop, { "aria-label": `Remove: ${words}` }));
    })
  );
  summary.hidden = !terms.size;
  if (!terms.size) return;
  const rows = data.columns.filter(({ f, o }) => f === "metrics" && !o).map((column) => {
    const [now, before] = [statistics(column, true), statistics(column, false)];
    const cell = (text, ...exact) => make("td", { "data-value": exact.join(" ") }, text);
    return make(
      "tr", {}, make("th", { scope: "row" }, column.n + (column.u ? ` (${column.u})` : "")),
      cell(`${now.n} of ${chosenCount}`, now.n),
      now.n ? cell(short(now.mean), now.mean) : cell("\u2014"),
      now.n > 1 ? cell(`${short(now.low)} to ${short(now.high)}`, now.low, now.high) : cell("needs 2 runs"),
      before.n ? cell(short(before.mean), before.mean) : cell("\u2014")
    );
  });
  const heads = ["Metric", "runs with a value", "mean", `${short(data.level * 100)} % t interval`, "mean of all"];
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  const words = "Of the selected runs, each counted once, whatever its group. A selection made by looking at results tests nothing.";
  means.replaceChildren(
    ...(rows.length ? [make("table", { class: "rr-stats" }, make("thead", {}, head), make("tbody", {}, ...rows))] : []),
    make("p", { class: "rr-note" }, words)
  );
}

const short = (value) => minus(Number(value.toPrecision(4)));

/* ---- statistics of the selection ---- */

/** Count, mean and t interval of a metric; missing and infinite values are not counted. */
function statistics(column, selected) {
  const values = [];
  everyRun.forEach((_, n) => {
    const value = column.read(n);
    if (typeof value === "number" && Number.isFinite(value) && (!selected || !chosen || chosen[n])) values.push(value);
  });
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { n, mean };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const half = tQuantile(0.5 + data.level / 2, n - 1) * Math.sqrt(squares / (n - 1) / n);
  return { n, mean, low: mean - half, high: mean + half };
}

/** Logarithm of the gamma function; Stirling's series is exact to 1e-13 from 15 on. */
function logGamma(x) {
  let shift = 0;
  while (x < 15) shift -= Math.log(x++);
  const z = 1 / (x * x);
  return shift + (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z / 1680))) / x;
}

/** The regularised incomplete beta function, by its continued fraction (Lentz). */
function beta(x, a, b) {
  if (x > (a + 1) / (a + b + 2)) return 1 - beta(1 - x, b, a);
  let [c, d, sum] = [1, 1 - ((a + b) * x) / (a + 1), 0];
  sum = d = 1 / (d || 1e-300);
  for (let m = 1, step = 0; m < 400 && Math.abs(step - 1) > 1e-15; m++) {
    for (const top of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / (1 + top * d || 1e-300);
      c = 1 + top / c || 1e-300;
      sum *= step = c * d;
    }
  }
  return (Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a) * sum;
}

const quantiles = {};
function tQuantile(p, df) {
  const key = `${p} ${df}`;
  if (quantiles[key]) return quantiles[key];
  let [low, high] = [0, 1];
  const above = (t) => beta(df / (df + t * t), df / 2, 0.5) / 2 > 1 - p;
  while (above(high) && high < 1e9) high *= 2;
  for (let n = 0; n < 100; n++) {
    const middle = (low + high) / 2;
    if (above(middle)) low = middle;
    else high = middle;
  }
  return (quantiles[key] = (low + high) / 2);
}

/* ---- links and files ---- */

function linkOf() {
  const state = {};
  for (const [key, term] of terms) state[key] = term.state;
  if (pinned.size) state.pins = [...pinned];
  Object.assign(state, ...arranged.map((read) => read()));
  return `${location.href.split("#")[0]}#sel=${encodeURIComponent(JSON.stringify(state))}`;
}
/** What each chart adds to a link beside its terms. */
const arranged = [];
restore.pins = (runs) => pin(runs.filter((run) => places.has(run)));
restore.only = keepOnly;

function openLink() {
  if (!location.hash.startsWith("#sel=")) return;
  clearAll();
  let lost = 0;
  try {
    const state = JSON.parse(decodeURIComponent(location.hash.slice(5)));
    for (const key of Object.keys(state)) {
      const [kind, ...places] = key.split(" ");
      try {
        restore[kind](state[key], ...places.map(Number));
      } catch {
        lost++;
      }
    }
  } catch {
    lost = 1;
  }
  if (lost) problemNote.textContent = "A part of the linked selection does not fit this page.";
}

/** Of the selected runs only those. */
function keepOnly(runs) {
  const kept = new Set(runs.filter((run) => places.has(run)));
  if (!kept.size) throw new Error("no such runs");
  setTerm("only", { words: `only ${plural(kept.size, "run")}`, test: (n) => kept.has(everyRun[n]), state: [...kept] });
}

function selectionCsv() {
  const text = (value) => (value === null ? "" : typeof value === "number" ? String(value) : isWritten(value) ? value.text : value);
  const head = data.columns.map(({ f, n, u }) => csvCell((f === "params" || f === "tags" ? `${f}.${n}` : n) + (u ? ` (${u})` : "")));
  const lines = everyRun.map((_, n) => n).filter((n) => !chosen || chosen[n]).map((n) =>
    data.columns.map(({ read }) => {
      const value = read(n);
      return csvCell(text(value), typeof value === "number");
    })
  );
  return [head, ...lines].map((line) => line.join() + "\n").join("");
}
