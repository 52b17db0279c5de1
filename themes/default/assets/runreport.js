/* Enhances the pages of runreport: tables that sort and filter, read-outs, one run followed
   through the page, zoom. Every page is complete without it. No dependencies, no network; text
   from runs only ever enters the page as text. */
(function () {
  "use strict";

  const all = (root, selector) => Array.from(root.querySelectorAll(selector));
  const SVG = "http://www.w3.org/2000/svg";

  /** An element; strings among the children become text, never markup. */
  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const key in attributes || {}) element.setAttribute(key, attributes[key]);
    element.append(...children);
    return element;
  }

  function draw(name, attributes, text) {
    const element = document.createElementNS(SVG, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  const tidy = (text) => text.replace(/\s+/g, " ").trim();

  /* ---- values of cells ------------------------------------------------------------------ */

  const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const collator = new Intl.Collator(undefined, { numeric: true });

  /** The number a text stands for, or null: "12px", "" and "nan" are no numbers. */
  function toNumber(text) {
    const plain = text.trim().replace(/\u2212/g, "-");
    if (NUMBER.test(plain)) return Number(plain);
    const infinite = /^([+-]?)inf(inity)?$/i.exec(plain);
    return infinite ? (infinite[1] === "-" ? -Infinity : Infinity) : null;
  }

  const isNumber = (kind) => kind === "number" || kind === "time";

  /** What a cell sorts and filters by: a number, a text, or null when it is missing. */
  function valueOf(cell, kind) {
    if (!cell || cell.classList.contains("rr-missing")) return null;
    let text = cell.dataset.value;
    if (text === undefined) {
      if (isNumber(kind)) return null;
      text = shown(cell);
    }
    if (text === "" || /^[+-]?nan$/i.test(text)) return null;
    const number = toNumber(text);
    return number === null ? text : number;
  }

  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return (a > b) - (a < b);
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return collator.compare(a, b);
  }

  /** A cell's words without the symbols and hints that only mark it. */
  function shown(cell) {
    const copy = cell.cloneNode(true);
    for (const extra of all(copy, ".rr-symbol, .rr-visually-hidden")) extra.remove();
    return tidy(copy.textContent);
  }

  /* ---- filter: words, and conditions such as `lr > 0.01` or `optimizer = adam` --------------- */

  const TESTS = {
    "<": (a, b) => a < b,
    "<=": (a, b) => a <= b,
    ">": (a, b) => a > b,
    ">=": (a, b) => a >= b,
    "=": (a, b) => same(a, b),
    "!=": (a, b) => !same(a, b),
  };
  const same = (a, b) =>
    typeof a === typeof b ? compare(a, b) === 0 : false;

  /** Tests for rows from the text of a filter box, and what of it was not understood. */
  function parseFilter(text, columns) {
    const tests = [];
    let problem = "";
    let rest = "";
    let left = text;
    const operator = /(<=|>=|!=|==|=|<|>|\u2264|\u2265)\s*("[^"]*"?|[^\s,]*),?/;
    for (let found; (found = operator.exec(left)); ) {
      const before = left.slice(0, found.index).trimEnd();
      left = left.slice(found.index + found[0].length);
      const name = longestName(before, columns);
      rest += " " + before.slice(0, before.length - name.length);
      const sign = { "==": "=", "\u2264": "<=", "\u2265": ">=" }[found[1]] || found[1];
      const word = found[2].replace(/"/g, "");
      const number = toNumber(word);
      if (!name) problem = `no column \u201c${before.split(/\s+/).pop()}\u201d`;
      else if (word === "") problem = `nothing after ${found[1]}`;
      else if (number === null && !/=$/.test(sign)) problem = `no number after ${found[1]}`;
      else if (number === null && /[<>]/.test(sign)) problem = `no number after ${found[1]}`;
      else {
        const places = columns.filter((column) => column.names.includes(fold(name)));
        tests.push((entry) =>
          places.some((column) => {
            const value = valueOf(entry.cells[column.index], column.kind);
            // a missing value is neither equal nor unequal to anything
            if (value === null) return false;
            if (number !== null && typeof value === "number") return TESTS[sign](value, number);
            if (/[<>]/.test(sign)) return false;
            return TESTS[sign](fold(String(value)), fold(word));
          })
        );
      }
    }
    for (const part of (rest + " " + left).match(/"[^"]*"|[^\s,]+/g) || []) {
      const word = fold(part.replace(/"/g, ""));
      if (word && word !== "and") tests.push((entry) => entry.text().includes(word));
    }
    return { tests, problem };
  }

  const fold = (text) => tidy(text).toLowerCase();

  /** The longest column name that the text ends with, as it was typed. */
  function longestName(text, columns) {
    const typed = text.toLowerCase();
    let best = "";
    for (const column of columns) {
      for (const name of column.names) {
        const start = typed.length - name.length;
        const whole = start === 0 || /[\s,]/.test(typed[start - 1]);
        if (name.length > best.length && start >= 0 && whole && typed.endsWith(name)) best = name;
      }
    }
    return text.slice(text.length - best.length);
  }

  /* ---- copies of a table ----------------------------------------------------------------- */

  function csvCell(text, plain) {
    if (!plain && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
    return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replace(/"/g, '""')}"` : text;
  }

  const LATEX = {
    "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", $: "\\$", "&": "\\&", "#": "\\#",
    "%": "\\%", _: "\\_", "^": "\\textasciicircum{}", "~": "\\textasciitilde{}",
    "<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}", '"': "\\textquotedbl{}",
    "\u2212": "$-$", "\u202f": "\\,", "\u00b1": "$\\pm$", "\u2026": "\\dots{}",
  };
  // a row that begins so would be taken for an option of the row before
  const latex = (text) =>
    text.replace(/[\\{}$&#%_^~<>|"\u2212\u202f\u00b1\u2026]/g, (c) => LATEX[c]).replace(/^(\s*)([[*])/, "$1{$2}");
  const markdown = (text) => text.replace(/[\\`*_{}[\]<>#|!~$&]/g, "\\$&");

  const COPIES = {
    CSV(columns, rows) {
      const lines = [columns.map((column) => csvCell(column.label, false))];
      for (const { cells } of rows) {
        lines.push(
          columns.map(({ index, kind }) => {
            const cell = cells[index];
            const raw = !cell || cell.classList.contains("rr-missing") ? "" : cell.dataset.value;
            if (raw === undefined) return isNumber(kind) ? "" : csvCell(shown(cell), false);
            return csvCell(raw, isNumber(kind) && (toNumber(raw) !== null || /^nan$/i.test(raw)));
          })
        );
      }
      return lines.map((line) => line.join(",") + "\n").join("");
    },
    LaTeX(columns, rows) {
      const lines = [
        `\\begin{tabular}{${columns.map((c) => (isNumber(c.kind) ? "r" : "l")).join("")}}`,
        "\\toprule",
        columns.map((column) => latex(column.label)).join(" & ") + " \\\\",
        "\\midrule",
      ];
      for (const { cells } of rows) {
        const words = columns.map(({ index }) => {
          const text = cells[index] ? latex(shown(cells[index])) : "";
          return cells[index]?.classList.contains("rr-best") ? `\\textbf{${text}}` : text;
        });
        lines.push(words.join(" & ") + " \\\\");
      }
      return [...lines, "\\bottomrule", "\\end{tabular}", ""].join("\n");
    },
    Markdown(columns, rows) {
      const line = (parts) => `| ${parts.join(" | ")} |`;
      const lines = [
        line(columns.map((column) => markdown(column.label))),
        line(columns.map((column) => (isNumber(column.kind) ? "---:" : "---"))),
      ];
      for (const { cells } of rows) {
        lines.push(
          line(
            columns.map(({ index }) => {
              const text = cells[index] ? markdown(shown(cells[index])) : "";
              return cells[index]?.classList.contains("rr-best") ? `**${text}**` : text;
            })
          )
        );
      }
      return lines.join("\n") + "\n";
    },
  };

  /** Put text on the clipboard; where a page may not, leave it selected for the reader. */
  async function copy(text, near) {
    try {
      await navigator.clipboard.writeText(text);
      return "copied";
    } catch (refused) {
      const area = make("textarea", { class: "rr-copy", readonly: "", rows: "6" });
      area.setAttribute("aria-label", "Text to copy");
      area.value = text;
      near.append(area);
      area.select();
      let done = false;
      try {
        done = document.execCommand("copy");
      } catch (unsupported) {
        done = false;
      }
      if (done) {
        area.remove();
        return "copied";
      }
      area.addEventListener("blur", () => area.remove());
      return "selected below, press Ctrl+C to copy";
    }
  }

  /* ---- tables ---------------------------------------------------------------------------- */

  const FILTER_FROM = 4;

  function enhanceTable(box) {
    const table = box.querySelector("table");
    const body = table && table.tBodies[0];
    if (!body || !table.tHead || !table.tHead.rows.length) return;
    table.classList.add("rr-grid");
    const columns = readColumns(table);
    const rows = Array.from(body.rows, (row, index) => {
      let text;
      const words = () => (text === undefined ? (text = fold(row.textContent)) : text);
      return { row, index, cells: Array.from(row.cells), text: words };
    });
    const status = make("span", { class: "rr-count", role: "status" });
    const tools = make("div", { class: "rr-tools" });
    const state = { tests: [], problem: "", differences: false, sorted: null, direction: 0 };

    const visible = () => rows.filter((entry) => !entry.row.hidden);
    const tell = (words) => {
      status.textContent = words;
    };

    function filterRows() {
      for (const entry of rows) {
        entry.row.hidden =
          (state.differences && !("differs" in entry.row.dataset)) ||
          !state.tests.every((test) => test(entry));
      }
      const left = visible().length;
      const some = left === rows.length ? "" : `${left} of ${rows.length} rows`;
      tell([state.problem, some].filter(Boolean).join(" \u00b7 "));
      rove(body);
    }

    function sortRows() {
      const { sorted, direction } = state;
      const order = rows.map((entry) => ({
        entry,
        value: sorted ? valueOf(entry.cells[sorted.index], sorted.kind) : null,
      }));
      if (direction) {
        order.sort((a, b) => {
          // what is missing stays last, whichever way the column is sorted
          if (a.value === null || b.value === null) return (a.value === null) - (b.value === null);
          return direction * compare(a.value, b.value);
        });
      }
      body.append(...order.map(({ entry }) => entry.row));
      for (const { head } of columns) head.removeAttribute("aria-sort");
      if (direction) {
        sorted.head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      }
    }

    if (rows.length > 1) {
      for (const column of columns) {
        const button = make("button", { type: "button", class: "rr-sort" });
        button.append(...column.head.childNodes);
        column.head.append(button);
        button.addEventListener("click", () => {
          const again = state.sorted === column ? state.direction : 0;
          state.direction = again === 0 ? 1 : again === 1 ? -1 : 0;
          state.sorted = column;
          sortRows();
        });
      }
    }

    if (rows.length >= FILTER_FROM) {
      const example = columns.find((column) => column.kind === "number");
      const field = make("input", {
        type: "search",
        class: "rr-filter",
        placeholder: "Filter rows",
        "aria-label": "Filter rows",
        title: "Words, or a condition such as " + (example ? example.title : "column") + " > 0.5",
        autocomplete: "off",
        spellcheck: "false",
      });
      field.addEventListener("input", () => {
        Object.assign(state, parseFilter(field.value, columns));
        filterRows();
      });
      tools.append(field);
    }

    if ("differences" in box.dataset) {
      const check = make("input", { type: "checkbox" });
      check.checked = state.differences = box.dataset.differences === "on";
      check.addEventListener("change", () => {
        state.differences = check.checked;
        filterRows();
      });
      tools.append(make("label", { class: "rr-switch" }, check, " Differences only"));
    }

    if (columns.length > 3 || columns.some((column) => column.hidden)) {
      const checks = columns.map((column) => {
        const check = make("input", { type: "checkbox" });
        check.checked = !column.hidden;
        check.addEventListener("change", () => {
          column.hidden = !check.checked;
          showColumns(table, columns, rows);
        });
        const words = column.family ? `${column.family}: ${column.label}` : column.label;
        return make("label", {}, check, " " + words);
      });
      tools.append(menu("Columns", checks));
    }

    if (rows.length) {
      const buttons = Object.keys(COPIES).map((format) => {
        const button = make("button", { type: "button" }, format);
        button.addEventListener("click", async () => {
          const ordered = Array.from(body.rows, (row) => rows.find((entry) => entry.row === row));
          const chosen = ordered.filter((entry) => !entry.row.hidden);
          const text = COPIES[format](columns.filter((column) => !column.hidden), chosen);
          const outcome = await copy(text, tools);
          tell(`${chosen.length} ${chosen.length === 1 ? "row" : "rows"} ${outcome}`);
        });
        return button;
      });
      tools.append(menu("Copy", buttons));
    }

    tools.append(status);
    (box.querySelector(".rr-scroll") || table).before(tools);
    if (columns.some((column) => column.hidden)) showColumns(table, columns, rows);
    if (state.differences) filterRows();
    rove(body);
  }

  function readColumns(table) {
    const heads = Array.from(table.tHead.rows[table.tHead.rows.length - 1].cells);
    const families = heads.map(() => "");
    const above = table.tHead.querySelector("tr.rr-families");
    let next = 0;
    for (const cell of above ? above.cells : []) {
      families.fill(tidy(cell.textContent), next, next + cell.colSpan);
      next += cell.colSpan;
    }
    const titles = heads.map((head) => {
      const bare = head.cloneNode(true);
      const extras = ".rr-unit, .rr-goal, .rr-symbol, .rr-visually-hidden";
      for (const extra of all(bare, extras)) extra.remove();
      return tidy(bare.textContent);
    });
    return heads.map((head, index) => {
      const [title, family] = [titles[index], families[index]];
      const unit = head.querySelector(".rr-unit");
      const twice = titles.indexOf(title) !== titles.lastIndexOf(title);
      const label = (twice && family ? `${family}.` : "") + title;
      return {
        head,
        index,
        title,
        family,
        label: unit ? `${label} (${tidy(unit.textContent)})` : label,
        names: [title, family && `${family}.${title}`].filter(Boolean).map(fold),
        kind: head.dataset.kind || "text",
        hidden: "hidden" in head.dataset,
      };
    });
  }

  function showColumns(table, columns, rows) {
    for (const { head, index, hidden } of columns) {
      head.hidden = hidden;
      for (const { cells } of rows) if (cells[index]) cells[index].hidden = hidden;
    }
    const above = table.tHead.querySelector("tr.rr-families");
    let next = 0;
    for (const cell of above ? above.cells : []) {
      const width = (cell.rrWidth = cell.rrWidth || cell.colSpan);
      const left = columns.slice(next, next + width).filter((column) => !column.hidden).length;
      cell.hidden = left === 0;
      cell.colSpan = left || 1;
      next += width;
    }
  }

  function menu(title, items) {
    const panel = make("div", { class: "rr-menu-panel" }, ...items);
    return make("details", { class: "rr-menu" }, make("summary", {}, title), panel);
  }

  const closeMenus = (except) => {
    for (const open of all(document, "details.rr-menu[open]")) if (open !== except) open.open = false;
  };

  /* ---- one Tab stop per chart or table; arrow keys move inside ----------------------------- */

  const MEMBERS = ".rr-mark[tabindex], tbody > tr[data-run]";
  const membersOf = (group) => all(group, MEMBERS).filter((item) => !item.hidden);

  function rove(group, current) {
    const members = membersOf(group);
    const chosen = current || members.find((item) => item.tabIndex === 0) || members[0];
    for (const item of members) item.setAttribute("tabindex", item === chosen ? "0" : "-1");
  }

  const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

  function moveFocus(item, key) {
    const group = item.closest("svg, tbody");
    const members = membersOf(group);
    const last = members.length - 1;
    const at = members.indexOf(item) + (STEPS[key] || 0);
    const target = members[key === "Home" ? 0 : key === "End" ? last : Math.min(Math.max(at, 0), last)];
    rove(group, target);
    target.focus();
  }

  /* ---- one run, everywhere on the page ------------------------------------------------------ */

  const pinned = new Set();
  let hovered = [];
  let active = new Set();
  let index = null;
  let timer = 0;

  const note = make("span", { role: "status" });
  const clear = make("button", { type: "button", hidden: "" }, "Clear");
  const bar = make("div", { class: "rr-status" }, note, clear);
  /** The runs that an element stands for. */
  const tokensOf = (element) => (element.dataset.run || "").split(/\s+/).filter(Boolean);

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
    const words = `${pinned.size} ${pinned.size === 1 ? "run" : "runs"} highlighted`;
    note.textContent = pinned.size ? words : "";
    clear.hidden = pinned.size === 0;
    bar.classList.toggle("rr-on", pinned.size > 0);
    for (const element of all(document, "[data-run]")) {
      const runs = tokensOf(element);
      const held = runs.every((run) => pinned.has(run));
      element.classList.toggle("rr-pinned", held);
      const button = element.matches("li") ? element.querySelector(".rr-key") : element;
      if (button && button.hasAttribute("aria-pressed")) {
        const some = !held && runs.some((run) => pinned.has(run));
        button.setAttribute("aria-pressed", some ? "mixed" : String(held));
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

  /* ---- read-outs ------------------------------------------------------------------------- */

  const tip = make("div", { class: "rr-tip", role: "tooltip", id: "rr-tip", hidden: "" });
  const LONGEST = 600;
  let anchor = null;

  /** Show lines of text near a point of the window; the line at `strong` stands out. */
  function showTip(lines, x, y, strong) {
    anchor = null;
    tip.replaceChildren(
      ...lines.map((line, at) => {
        const words = line.length > LONGEST ? line.slice(0, LONGEST) + "\u2026" : line;
        return make("div", at === strong ? { class: "rr-strong" } : {}, words);
      })
    );
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    const room = document.documentElement.clientWidth;
    const left = x + 14 + width < room ? x + 14 : x - 14 - width;
    const top = y - height - 12 > 0 ? y - height - 12 : y + 16;
    tip.style.left = `${Math.max(4, Math.min(left, room - width - 4))}px`;
    tip.style.top = `${Math.max(4, Math.min(top, window.innerHeight - height - 4))}px`;
  }

  function hideTip() {
    anchor = null;
    tip.hidden = true;
    for (const line of all(document, ".rr-hair")) line.hidden = true;
  }

  const tipLines = (element) => element.dataset.tip.split("\n");

  function tipAt(element) {
    const box = element.getBoundingClientRect();
    showTip(tipLines(element), box.left + box.width / 2, box.top + Math.min(box.height / 2, 40), 0);
    anchor = element;
  }

  /** What one axis shows, from the attributes of its chart. */
  function axisOf(svg, name, from, to) {
    const [low, high] = (svg.getAttribute(`data-${name}`) || "").split(" ").map(Number);
    const log = svg.getAttribute(`data-${name}-log`) === "1";
    const label = svg.getAttribute(`data-${name}-label`) || name;
    const at = (place) => {
      const share = (place - from) / (to - from);
      return log ? low * Math.pow(high / low, share) : low + (high - low) * share;
    };
    const placeOf = (value) => {
      const share = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
      return from + (to - from) * share;
    };
    return { low, high, log, label, at, placeOf };
  }

  /** The shortest number that lies within what 0.1 px of the drawing can tell apart. */
  function words(axis, place) {
    const value = axis.at(place);
    const slack = Math.abs(axis.at(place + 0.07) - axis.at(place - 0.07)) / 2;
    if (Math.abs(value) <= slack) return "0";
    let digits = 1;
    while (digits < 12 && Math.abs(Number(value.toPrecision(digits)) - value) > slack) digits++;
    const size = Math.abs(value);
    const text = size >= 1e7 || size < 1e-4 ? value.toExponential(digits - 1) : String(Number(value.toPrecision(digits)));
    return text.replace(/-/g, "\u2212");
  }

  /** Curves and points of a chart, in its own pixels. */
  function readPlane(svg) {
    const [x0, y0, x1, y1] = svg.dataset.box.split(" ").map(Number);
    const plane = { svg, x0, y0, x1, y1, curves: [], points: [], inner: null };
    plane.x = axisOf(svg, "x", x0, x1);
    plane.y = axisOf(svg, "y", y1, y0);
    for (const mark of all(svg, ".rr-mark[data-tip]")) {
      if (mark.localName === "circle") {
        plane.points.push({ mark, x: Number(mark.getAttribute("cx")), y: Number(mark.getAttribute("cy")) });
        continue;
      }
      const data = mark.getAttribute("d") || "";
      // closed shapes and curved ones are bars, bands and densities: only their own tip speaks
      if (!/^[ML\d\s.eE-]+$/.test(data)) continue;
      for (const piece of data.split("M").slice(1)) {
        const numbers = (piece.match(/-?[\d.]+(?:e-?\d+)?/gi) || []).map(Number);
        if (numbers.length >= 4) plane.curves.push({ mark, numbers });
      }
    }
    return plane;
  }

  /** Height of a piece of curve at x, or null outside of it, with its nearest point's x. */
  function heightAt({ numbers }, x) {
    let low = 0;
    let high = numbers.length / 2 - 1;
    if (x < numbers[0] - 0.5 || x > numbers[2 * high] + 0.5) return null;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (numbers[2 * middle] <= x) low = middle;
      else high = middle;
    }
    const [xa, ya, xb, yb] = numbers.slice(2 * low, 2 * low + 4);
    const share = xb > xa ? Math.min(Math.max((x - xa) / (xb - xa), 0), 1) : 0;
    return { y: ya + (yb - ya) * share, near: share < 0.5 ? xa : xb };
  }

  const NEIGHBOURS = 5;

  function readOut(plane, event) {
    const matrix = (plane.inner || plane.svg).querySelector("g").getScreenCTM();
    if (!matrix) return false;
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const outside = at.x < plane.x0 - 4 || at.x > plane.x1 + 4 || at.y < plane.y0 - 4 || at.y > plane.y1 + 4;
    if (outside) return false;
    const screen = (x, y) => new DOMPoint(x, y).matrixTransform(matrix);
    let nearest = null;
    for (const point of plane.points) {
      const place = screen(point.x, point.y);
      const distance = Math.hypot(place.x - event.clientX, place.y - event.clientY);
      if (distance < 16 && (!nearest || distance < nearest.distance)) nearest = { point, distance, place };
    }
    if (nearest) {
      hair(plane, null);
      showTip(tipLines(nearest.point.mark), nearest.place.x, nearest.place.y, 0);
      hover(tokensOf(nearest.point.mark));
      return true;
    }
    const first = closestCurves(plane, at.x, at.y)[0];
    if (!first) return false;
    const x = first.near;
    const list = closestCurves(plane, x, at.y).slice(0, NEIGHBOURS);
    const best = list.find((entry) => entry.mark === first.mark) || list[0];
    list.sort((a, b) => a.y - b.y);
    const lines = [`${plane.x.label}: ${words(plane.x, x)}`];
    for (const entry of list) {
      lines.push(`${tipLines(entry.mark)[0]}: \u2248 ${words(plane.y, entry.y)}`);
    }
    const place = screen(x, best.y);
    hair(plane, place.x);
    showTip(lines, place.x, event.clientY, 1 + list.indexOf(best));
    hover(Math.abs(place.y - event.clientY) < 24 ? tokensOf(best.mark) : []);
    return true;
  }

  /** One entry per mark that has a value at x, the nearest to y first. */
  function closestCurves(plane, x, y) {
    const found = new Map();
    for (const curve of plane.curves) {
      const height = heightAt(curve, x);
      if (!height) continue;
      // a curve and its smoothed copy are one entry
      const key = `${curve.mark.dataset.run}\n${curve.mark.dataset.tip}`;
      const known = found.get(key);
      if (known && Math.abs(known.y - y) <= Math.abs(height.y - y)) continue;
      found.set(key, { mark: curve.mark, ...height });
    }
    return Array.from(found.values()).sort((a, b) => Math.abs(a.y - y) - Math.abs(b.y - y));
  }

  function hair(plane, clientX) {
    const holder = plane.svg.parentNode;
    let line = holder.querySelector(".rr-hair");
    if (!line) holder.append((line = make("div", { class: "rr-hair" })));
    line.hidden = clientX === null;
    if (clientX === null) return;
    const frame = holder.getBoundingClientRect();
    const box = plane.svg.getBoundingClientRect();
    const scale = box.height / plane.svg.viewBox.baseVal.height;
    line.style.left = `${clientX - frame.left}px`;
    line.style.top = `${box.top - frame.top + plane.y0 * scale}px`;
    line.style.height = `${(plane.y1 - plane.y0) * scale}px`;
  }

  /* ---- zoom: a nested drawing shows a part of the plot, with ticks of its own ---------------- */

  function zoom(plane, left, top, right, bottom) {
    unzoom(plane);
    const { svg } = plane;
    const edge = (value, low, high) => Math.min(Math.max(value, low), high);
    left = edge(left, plane.x0, plane.x1);
    right = edge(right, plane.x0, plane.x1);
    top = edge(top, plane.y0, plane.y1);
    bottom = edge(bottom, plane.y0, plane.y1);
    if (right - left < 2 || bottom - top < 2) return;
    const [wide, high] = [plane.x1 - plane.x0, plane.y1 - plane.y0];
    plane.window = [left, top, right, bottom];
    plane.original = Array.from(svg.children);
    plane.inner = draw("svg", {
      x: plane.x0, y: plane.y0, width: wide, height: high,
      viewBox: `${left} ${top} ${right - left} ${bottom - top}`, preserveAspectRatio: "none",
    });
    const axes = draw("g", { class: "rr-ticks" });
    const frame = { x: plane.x0, y: plane.y0, width: wide, height: high, class: "rr-frame" };
    axes.append(draw("rect", frame));
    for (const value of nice(plane.x, plane.x.at(left), plane.x.at(right))) {
      const x = plane.x0 + ((plane.x.placeOf(value) - left) / (right - left)) * wide;
      axes.append(draw("line", { x1: x, x2: x, y1: plane.y0, y2: plane.y1 }));
      axes.append(draw("text", { x, y: plane.y1 + 17, "text-anchor": "middle" }, plain(value)));
    }
    for (const value of nice(plane.y, plane.y.at(bottom), plane.y.at(top))) {
      const y = plane.y0 + ((plane.y.placeOf(value) - top) / (bottom - top)) * high;
      axes.append(draw("line", { x1: plane.x0, x2: plane.x1, y1: y, y2: y }));
      axes.append(draw("text", { x: plane.x0 - 7, y: y + 4, "text-anchor": "end" }, plain(value)));
    }
    const labels = [plane.x.label, plane.y.label];
    const kept = [];
    for (const part of plane.original) {
      const isText = part.localName === "g" && part.querySelector("text");
      if (/^(title|desc|clipPath|defs)$/.test(part.localName)) kept.push(part);
      else if (!isText) plane.inner.append(part);
      else {
        const copy = part.cloneNode(true);
        for (const text of all(copy, "text")) {
          const start = text.textContent.replace(/\u2026$/, "");
          if (!labels.some((label) => label.startsWith(start))) text.remove();
        }
        kept.push(copy);
      }
    }
    svg.replaceChildren(...kept, axes, plane.inner);
    svg.classList.add("rr-zoomed");
    plane.reset = plane.reset || resetButton(plane);
    plane.reset.hidden = false;
  }

  function unzoom(plane) {
    if (!plane.inner) return;
    plane.svg.replaceChildren(...plane.original);
    plane.svg.classList.remove("rr-zoomed");
    plane.inner = plane.window = null;
    plane.reset.hidden = true;
  }

  function resetButton(plane) {
    const button = make("button", { type: "button", class: "rr-reset" }, "Reset zoom");
    button.addEventListener("click", () => {
      unzoom(plane);
      const mark = plane.svg.querySelector('.rr-mark[tabindex="0"]');
      if (mark) mark.focus({ preventScroll: true });
    });
    plane.svg.after(button);
    return button;
  }

  const plain = (value) => {
    const size = Math.abs(value);
    const text = size !== 0 && (size >= 1e6 || size < 1e-4) ? value.toExponential() : String(value);
    return text.replace(/-/g, "\u2212");
  };

  /** Few round values between two others. */
  function nice(axis, low, high) {
    const values = [];
    if (axis.log && high / low > 8) {
      for (let d = Math.floor(Math.log10(low)); d <= Math.ceil(Math.log10(high)); d++) values.push(Number(`1e${d}`));
    } else {
      const rough = (high - low) / 5;
      const power = Math.pow(10, Math.floor(Math.log10(rough)));
      const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
      for (let n = Math.ceil(low / step); n * step <= high && values.length < 12; n++) {
        values.push(Number((n * step).toPrecision(8)));
      }
    }
    return values.filter((value) => value >= low && value <= high);
  }

  /** Keys + and - zoom around the mark in focus, 0 shows everything again. */
  function zoomByKey(plane, mark, key) {
    const [l, t, r, b] = plane.window || [plane.x0, plane.y0, plane.x1, plane.y1];
    const factor = key === "-" ? 1 : 0.25;
    if (key === "0") unzoom(plane);
    else {
      const box = mark.getBBox();
      const inside = (value, low, high) => Math.min(Math.max(value, low), high);
      const x = key === "-" ? (l + r) / 2 : inside(box.x + box.width / 2, l, r);
      const y = key === "-" ? (t + b) / 2 : inside(box.y + box.height / 2, t, b);
      zoom(plane, x - (r - l) * factor, y - (b - t) * factor, x + (r - l) * factor, y + (b - t) * factor);
      if (plane.window && key === "-" && plane.window.join() === [plane.x0, plane.y0, plane.x1, plane.y1].join()) {
        unzoom(plane);
      }
    }
    mark.focus({ preventScroll: true });
  }

  let dragged = false;

  function enhanceZoom(plane) {
    const { svg } = plane;
    let start = null;
    let brush = null;
    const local = (event) => {
      const matrix = (plane.inner || svg).querySelector("g").getScreenCTM().inverse();
      return new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    };
    svg.addEventListener("pointerdown", (event) => {
      dragged = false;
      // a finger scrolls the page; keys and buttons remain
      if (event.pointerType === "touch" || event.button !== 0) return;
      const at = local(event);
      const [l, t, r, b] = plane.window || [plane.x0, plane.y0, plane.x1, plane.y1];
      if (at.x < l || at.x > r || at.y < t || at.y > b) return;
      start = { x: event.clientX, y: event.clientY, at };
    });
    document.addEventListener("pointermove", (event) => {
      if (!start) return;
      const [dx, dy] = [event.clientX - start.x, event.clientY - start.y];
      if (!brush && Math.hypot(dx, dy) < 8) return;
      if (!brush) svg.parentNode.append((brush = make("div", { class: "rr-brush" })));
      hideTip();
      const frame = svg.parentNode.getBoundingClientRect();
      brush.style.left = `${Math.min(start.x, event.clientX) - frame.left}px`;
      brush.style.top = `${Math.min(start.y, event.clientY) - frame.top}px`;
      brush.style.width = `${Math.abs(dx)}px`;
      brush.style.height = `${Math.abs(dy)}px`;
    });
    const stop = (event) => {
      if (brush && event.type === "pointerup") {
        const [a, b] = [start.at, local(event)];
        const [l, t, r, d] = plane.window || [plane.x0, plane.y0, plane.x1, plane.y1];
        // a flat drag zooms one axis
        const flat = Math.abs(event.clientY - start.y) < 20;
        const slim = Math.abs(event.clientX - start.x) < 20;
        dragged = true;
        if (!(flat && slim)) {
          zoom(
            plane,
            slim ? l : Math.max(l, Math.min(a.x, b.x)), flat ? t : Math.max(t, Math.min(a.y, b.y)),
            slim ? r : Math.min(r, Math.max(a.x, b.x)), flat ? d : Math.min(d, Math.max(a.y, b.y))
          );
        }
      }
      if (brush) brush.remove();
      start = brush = null;
    };
    document.addEventListener("pointerup", stop);
    document.addEventListener("pointercancel", stop);
    svg.addEventListener("dblclick", () => unzoom(plane));
  }

  /* ---- figures and references ---------------------------------------------------------------- */

  const planes = new WeakMap();

  function enhanceFigure(figure) {
    for (const svg of all(figure, "svg.rr-chart")) {
      nameWithoutTitle(svg);
      const marks = all(svg, ".rr-mark[tabindex]");
      // a picture's parts are not reachable by assistive technology, a group's are
      if (marks.length) svg.setAttribute("role", "group");
      for (const mark of marks) {
        mark.setAttribute("role", "button");
        mark.setAttribute("aria-pressed", "false");
        mark.setAttribute("aria-label", tidy(mark.dataset.tip || ""));
      }
      rove(svg);
      if (!svg.dataset.box) continue;
      const plane = readPlane(svg);
      if (!plane.curves.length && !plane.points.length) continue;
      planes.set(svg, plane);
      svg.classList.add("rr-plane");
      enhanceZoom(plane);
    }
    for (const item of all(figure, ".rr-legend > li[data-run]")) {
      const button = make("button", { type: "button", class: "rr-key", "aria-pressed": "false" });
      button.append(...item.childNodes);
      item.append(button);
    }
  }

  /** Browsers show a title as a read-out of their own, over ours. */
  function nameWithoutTitle(svg) {
    const [title, description] = ["title", "desc"].map((name) => svg.querySelector(`:scope > ${name}`));
    if (!title) return;
    svg.setAttribute("aria-label", title.textContent);
    svg.removeAttribute("aria-labelledby");
    if (description && description.id) svg.setAttribute("aria-describedby", description.id);
    title.remove();
  }

  function enhanceReference(reference) {
    if (reference.closest("tr[data-run], li[data-run], a, button")) return;
    reference.setAttribute("role", "button");
    reference.setAttribute("tabindex", "0");
    reference.setAttribute("aria-pressed", "false");
  }

  /* ---- events, for the whole page ------------------------------------------------------------- */

  const near = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);

  function listen() {
    const point = (event) => {
      if (event.pointerType === "mouse" && event.buttons) return;
      const svg = near(event, "svg.rr-plane");
      const mark = near(event, ".rr-mark[data-tip]");
      const plane = svg && planes.get(svg);
      const own = mark && !(plane && plane.curves.some((curve) => curve.mark === mark));
      if (own) {
        if (plane) hair(plane, null);
        showTip(tipLines(mark), event.clientX, event.clientY, 0);
        hover(tokensOf(mark));
      } else if (!(plane && readOut(plane, event))) {
        const element = near(event, "[data-run]");
        const titled = near(event, "[data-tip]");
        if (titled) showTip(tipLines(titled), event.clientX, event.clientY, 0);
        else hideTip();
        hover(element ? tokensOf(element) : []);
      }
    };
    document.addEventListener("pointermove", point);
    // a tap does not move
    document.addEventListener("pointerdown", point);
    document.documentElement.addEventListener("pointerleave", (event) => {
      if (event.pointerType !== "mouse") return;
      hideTip();
      hover([]);
    });
    const follow = () => (anchor ? tipAt(anchor) : hideTip());
    document.addEventListener("scroll", follow, { capture: true, passive: true });

    document.addEventListener("focusin", (event) => {
      const element = near(event, "[data-run]");
      if (!element || !event.target.matches(":focus-visible")) return;
      if (element.dataset.tip) {
        tipAt(element);
        event.target.setAttribute("aria-describedby", "rr-tip");
      }
      hover(tokensOf(element));
    });
    document.addEventListener("focusout", (event) => {
      if (!near(event, "[data-run]")) return;
      event.target.removeAttribute("aria-describedby");
      hideTip();
      hover([]);
    });

    document.addEventListener("click", (event) => {
      closeMenus(near(event, "details.rr-menu"));
      const element = near(event, "[data-run]");
      const svg = near(event, "svg.rr-plane");
      if (dragged) {
        dragged = false;
        return;
      }
      const control = near(event, "a, button, input, select, textarea, summary, label");
      if (control && !control.matches(".rr-key")) return;
      if (element) {
        const selection = window.getSelection();
        if (element.matches("tr") && selection && !selection.isCollapsed) return;
        pin(tokensOf(element));
      } else if (svg && event.detail && !tip.hidden && hovered.length) {
        pin(hovered);
      }
    });

    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Escape") {
        const open = near(event, "details.rr-menu[open]");
        hideTip();
        closeMenus();
        if (open) open.querySelector("summary").focus();
        else if (pinned.size || hovered.length) unpin();
        return;
      }
      const item = event.target instanceof Element && event.target.matches(`${MEMBERS}, .rr-run[role=button]`) ? event.target : null;
      if (!item) return;
      const plane = item.ownerSVGElement && planes.get(item.closest("svg.rr-plane"));
      if (event.key === "Enter" || event.key === " ") pin(tokensOf(item));
      else if (item.matches(MEMBERS) && (event.key in STEPS || event.key === "Home" || event.key === "End")) {
        moveFocus(item, event.key);
      } else if (plane && ["+", "=", "-", "0"].includes(event.key)) {
        zoomByKey(plane, item, event.key === "=" ? "+" : event.key);
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });

    clear.addEventListener("click", unpin);

    let opened = [];
    window.addEventListener("beforeprint", () => {
      opened = all(document, "details:not([open]):not(.rr-menu)");
      for (const details of opened) details.open = true;
    });
    window.addEventListener("afterprint", () => {
      for (const details of opened) details.open = false;
      opened = [];
    });
  }

  function start() {
    for (const box of all(document, "[data-rr-table]")) enhanceTable(box);
    for (const figure of all(document, "[data-rr-figure]")) enhanceFigure(figure);
    for (const reference of all(document, "span.rr-run[data-run]")) enhanceReference(reference);
    document.body.append(tip, bar);
    listen();
    document.documentElement.classList.add("rr-ready");
  }

  // at once where the page stands already: before the theme wraps tables that have no class
  const inHead = document.currentScript && document.currentScript.parentNode === document.head;
  if (document.readyState === "loading" && inHead && !document.currentScript.defer) {
    document.addEventListener("DOMContentLoaded", start);
  } else start();
})();
