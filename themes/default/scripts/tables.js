/* Tables that sort, filter, choose columns, copy, and follow the selection. */

const FILTER_FROM = 4;
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
  const found = toNumber(text);
  return found === null ? text : found;
}

/** A cell's words without the symbols and hints that only mark it. */
function shown(cell, extras = ".rr-symbol, .rr-visually-hidden") {
  const bare = cell.cloneNode(true);
  for (const extra of all(bare, extras)) extra.remove();
  return tidy(bare.textContent);
}

/** What reads a column of this table by the name a condition gives. */
const columnFinder = (columns) => (family, name) => {
  const wanted = fold(name);
  const fits = columns.filter(({ names }) => names.includes(wanted) || (family && names.includes(`${family}.${wanted}`)));
  if (!fits.length) throw { said: `there is no column \u201c${name}\u201d`, hint: 'a heading of several words: metrics["\u2026"]' };
  return ({ cells }) => {
    for (const { index, kind } of fits) {
      const value = valueOf(cells[index], kind);
      if (value !== null) return typeof value === "string" ? written(value) : value;
    }
    return null;
  };
};

/** Tests for rows: a condition as in a spec, or words that a row holds. */
function rowTests(text, columns) {
  if (/[<>=!]|\b(in|has|contains|matches|not)\b\s*[[("']/.test(text)) {
    try {
      return { tests: [parseFilter(text, columnFinder(columns))], problem: "" };
    } catch (problem) {
      if (!problem.said) throw problem;
      return { tests: [], problem: told(problem) };
    }
  }
  const words = (text.match(/"[^"]*"|[^\s,]+/g) || []).map((part) => fold(part.replace(/"/g, ""))).filter(Boolean);
  return { tests: words.map((part) => (entry) => entry.text().includes(part)), problem: "" };
}

const told = ({ at, said, hint }) => `character ${at + 1}: ${said}` + (hint ? ` (${hint})` : "");

function enhanceTable(box) {
  const table = box.querySelector("table");
  const body = table && table.tBodies[0];
  if (!body || !table.tHead || !table.tHead.rows.length) return;
  table.classList.add("rr-grid");
  const columns = readColumns(table);
  const rows = Array.from(body.rows, (row) => {
    let text;
    const words = () => (text === undefined ? (text = fold(row.textContent)) : text);
    return { row, cells: [...row.cells], text: words, runs: tokensOf(row) };
  });
  const status = make("span", { class: "rr-count", role: "status" });
  const tools = make("div", { class: "rr-tools" });
  const state = { tests: [], problem: "", differences: false, sorted: null, direction: 0 };
  const tell = (words) => {
    status.textContent = words;
  };

  function filterRows() {
    let left = 0;
    for (const entry of rows) {
      const hidden =
        (state.differences && !("differs" in entry.row.dataset)) ||
        !isChosen(entry.runs) ||
        !state.tests.every((test) => test(entry));
      if (entry.row.hidden !== hidden) entry.row.hidden = hidden;
      left += !hidden;
    }
    tell([state.problem, left < rows.length && `${left} of ${rows.length} rows`].filter(Boolean).join(" \u00b7 "));
    rove(body);
  }
  if (rows.some(({ runs }) => runs.length)) followers.push(filterRows);

  function sortRows() {
    const { sorted, direction } = state;
    const order = rows.map((entry) => ({ entry, value: valueOf(entry.cells[sorted.index], sorted.kind) }));
    if (direction) {
      order.sort((a, b) => {
        // what is missing stays last, whichever way the column is sorted
        if (a.value === null || b.value === null) return (a.value === null) - (b.value === null);
        return direction * compare(a.value, b.value);
      });
    }
    body.append(...order.map(({ entry }) => entry.row));
    for (const { head } of columns) head.removeAttribute("aria-sort");
    if (direction) sorted.head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
  }

  if (rows.length > 1) {
    for (const column of columns) {
      const sort = button("", () => {
        const again = state.sorted === column ? state.direction : 0;
        state.direction = again === 0 ? 1 : again === 1 ? -1 : 0;
        state.sorted = column;
        sortRows();
      }, { class: "rr-sort" });
      sort.append(...column.head.childNodes);
      column.head.append(sort);
    }
  }

  if (rows.length >= FILTER_FROM) {
    const example = columns.find(({ kind }) => kind === "number");
    const field = make("input", {
      type: "search", class: "rr-filter", placeholder: "Filter rows", "aria-label": "Filter rows",
      title: `Words, or a condition such as ${example ? example.title : "column"} > 0.5`,
      autocomplete: "off", spellcheck: "false",
      input() {
        Object.assign(state, rowTests(field.value, columns));
        filterRows();
      },
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
      return make("label", {}, check, " " + (column.family ? column.family + ": " : "") + column.label);
    });
    tools.append(menu("Columns", checks));
  }

  if (rows.length) {
    const copies = Object.keys(COPIES).map((format) =>
      button(format, async () => {
        const chosen = Array.from(body.rows, (row) => rows.find((entry) => entry.row === row)).filter((e) => !e.row.hidden);
        const outcome = await copy(COPIES[format](columns.filter((column) => !column.hidden), chosen), tools);
        tell(`${plural(chosen.length, "row")} ${outcome}`);
      })
    );
    tools.append(menu("Copy", copies));
  }

  tools.append(status);
  (box.querySelector(".rr-scroll") || table).before(tools);
  if (columns.some((column) => column.hidden)) showColumns(table, columns, rows);
  if (state.differences) filterRows();
  rove(body);
}

/** How many columns each family of headings covers, as it was written. */
function families(table) {
  const above = table.tHead.querySelector("tr.rr-families");
  let next = 0;
  return Array.from(above ? above.cells : [], (cell) => {
    const width = (cell.rrWidth = cell.rrWidth || cell.colSpan);
    return { cell, from: next, to: (next += width) };
  });
}

function readColumns(table) {
  const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  const titles = heads.map((head) => shown(head, ".rr-unit, .rr-goal, .rr-symbol, .rr-visually-hidden"));
  const groups = families(table);
  return heads.map((head, index) => {
    const title = titles[index];
    const group = groups.find(({ from, to }) => index >= from && index < to);
    const family = group ? tidy(group.cell.textContent) : "";
    const unit = head.querySelector(".rr-unit");
    const twice = titles.indexOf(title) !== titles.lastIndexOf(title);
    const label = (twice && family ? `${family}.` : "") + title;
    return {
      head, index, title, family,
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
  for (const { cell, from, to } of families(table)) {
    const left = columns.slice(from, to).filter((column) => !column.hidden).length;
    cell.hidden = left === 0;
    cell.colSpan = left || 1;
  }
}
