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
  const element = one(document, "#rr-runs");
  if (element) data = JSON.parse(element.textContent);
  const marked = everywhere("[data-run]");
  indexRuns(marked);
  everyRun = [...new Set([...(data.runs || []), ...marked.flatMap(tokensOf)])];
  places = new Map(everyRun.map((run, n) => [run, n]));
  linked = marked
    .filter((element) => element.matches(".rr-mark, li"))
    .map((element) => ({ element, ids: idsOf(element), out: false }));
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
  if (found.length) throw { said: `${quoted(name)} has several meanings`, hint: `write ${found.map(form).join(" or ")}` };
  const known = data.columns.filter(({ f }) => f !== "group");
  const close = known.filter(({ n }) => fold(n).includes(fold(name)) || fold(name).includes(fold(n)));
  const some = (close.length ? close : known).slice(0, 8).map(form);
  throw {
    said: `this page holds no attribute, param or metric ${quoted(name)}`,
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
    if (out !== entry.out) toggle(entry.element, "rr-out", (entry.out = out));
  }
  toggle(root, "rr-chosen", !!chosen);
  showStatus();
  moved = true;
  clearTimeout(late);
  late = setTimeout(rest, 60);
}

/** Tables and means follow when the hand rests: nothing moves away under it. */
let moved = false;
const press = () => {
  held = true;
  dragged = false;
};
const release = () => {
  held = false;
  // after the click that this may be
  setTimeout(rest);
};
on(window, "pointerdown", press, true);
on(window, "pointerup", release);
on(window, "pointercancel", release);

function rest() {
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
  dress(filterField, { "aria-invalid": false });
  if (!text.trim()) return setTerm("filter");
  try {
    const test = parseFilter(text, findColumn);
    setTerm("filter", { words: text, test, state: text, remove: () => filterBy("") });
  } catch (problem) {
    // what is half typed leaves the page as it is
    problemNote.textContent = told(problem);
    dress(filterField, { "aria-invalid": true });
  }
}
restore.filter = filterBy;

function buildPanel() {
  const first = everywhere("[data-rr-figure], [data-rr-table]").find((box) => one(box, "[data-run]"));
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

const countOfRuns = () => (terms.size ? `${chosenCount} of ` : "") + plural(everyRun.length, "run");

function showPanel() {
  countNote.textContent = countOfRuns();
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
      "tr", {}, make("th", { scope: "row" }, withUnit(column.n, column)),
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

const withUnit = (name, { u }) => name + (u ? ` (${u})` : "");
const short = (value) => minus(Number(value.toPrecision(4)));

/* ---- statistics of the selection ---- */

/** Count, mean and t interval of a metric; missing and infinite values are not counted. */
function statistics(column, selected) {
  const values = [];
  everyRun.forEach((_, n) => {
    const value = column.read(n);
    if (isFinite(value) && (!selected || !chosen || chosen[n])) values.push(value);
  });
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { n, mean };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const half = tQuantile(data.level, n - 1) * sqrt(squares / (n - 1) / n);
  return { n, mean, low: mean - half, high: mean + half };
}

/** Share of a t distribution between -t and t, for whole degrees of freedom (Abramowitz and Stegun
    26.7.3 and 26.7.4). */
function central(t, df) {
  const angle = Math.atan(t / sqrt(df));
  const cosine = Math.cos(angle);
  const odd = df % 2;
  let term = odd ? cosine : 1;
  let sum = df > 1 ? term : 0;
  for (let n = 2 + odd; n < df - 1; n += 2) sum += term *= (cosine * cosine * (n - 1)) / n;
  sum *= Math.sin(angle);
  return odd ? (2 / Math.PI) * (angle + sum) : sum;
}

/** Degrees of freedom to the quantile; a page has one level. */
const quantiles = {};
function tQuantile(level, df) {
  if (quantiles[df]) return quantiles[df];
  let [low, high] = [0, 1];
  while (central(high, df) < level && high < 1e9) high *= 2;
  for (let n = 0; n < 100; n++) {
    const middle = (low + high) / 2;
    if (central(middle, df) < level) low = middle;
    else high = middle;
  }
  return (quantiles[df] = low);
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
restore.only = (runs) => {
  if (!keepOnly(runs)) throw runs;
};

function openLink() {
  if (!location.hash.startsWith("#sel=")) return;
  clearAll();
  let lost = 0;
  try {
    const state = JSON.parse(decodeURIComponent(location.hash.slice(5)));
    for (const key of Object.keys(state)) {
      try {
        restore[key](state[key]);
      } catch {
        lost++;
      }
    }
  } catch {
    lost = 1;
  }
  if (lost) problemNote.textContent = "A part of the linked selection does not fit this page.";
}

/** Of the selected runs only those; how many of them the page knows. */
function keepOnly(runs) {
  const kept = new Set(runs.filter((run) => places.has(run)));
  if (kept.size) setTerm("only", { words: `only ${plural(kept.size, "run")}`, test: (n) => kept.has(everyRun[n]), state: [...kept] });
  return kept.size;
}

function selectionCsv() {
  const head = data.columns.map((column) => csvCell(withUnit(/^[pt]/.test(column.f) ? `${column.f}.${column.n}` : column.n, column)));
  const lines = [...everyRun.keys()].filter((n) => !chosen || chosen[n]).map((n) =>
    data.columns.map(({ read }) => {
      const value = read(n);
      return csvCell(value === null ? "" : String(isWritten(value) ? value.text : value), typeof value === "number");
    })
  );
  return csvOf([head, ...lines]);
}
