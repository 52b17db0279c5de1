/* Tables that sort, filter, choose columns, copy, and follow the selection. */

const FILTER_FROM = 4;
const isNumber = (kind) => kind === "number" || kind === "time";

const isGap = (cell) => !cell || cell.matches(".rr-missing");

/** What a cell sorts and filters by: a number, a text, or null when it is missing. */
function valueOf(cell, kind) {
  if (isGap(cell)) return null;
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
  return textOf(bare);
}

/** What reads a column of this table by the name a condition gives. */
const columnFinder = (columns) => (family, name) => {
  const wanted = fold(name);
  const fits = columns.filter(({ names }) => names.includes(wanted) || (family && names.includes(`${family}.${wanted}`)));
  if (!fits.length) throw { said: `there is no column ${quoted(name)}`, hint: 'a heading of several words: metrics["\u2026"]' };
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
      return [[parseFilter(text, columnFinder(columns))], ""];
    } catch (problem) {
      return [[], told(problem)];
    }
  }
  const words = (text.match(/"[^"]*"|[^\s,]+/g) || []).map((part) => fold(part.replace(/"/g, ""))).filter(Boolean);
  return [words.map((part) => (entry) => entry.text().includes(part)), ""];
}

/** What a filter's reader did not understand; other errors are none of its own. */
function told(problem) {
  const { at, said, hint } = problem;
  if (!said) throw problem;
  return `character ${at + 1}: ${said}` + (hint ? ` (${hint})` : "");
}

function enhanceTable(box) {
  const table = one(box, "table");
  const body = table && table.tBodies[0];
  if (!body || !table.tHead || !table.tHead.rows.length) return;
  toggle(table, "rr-grid", true);
  const columns = readColumns(table);
  const rows = Array.from(body.rows, (row) => {
    let text;
    const words = () => (text === undefined ? (text = fold(row.textContent)) : text);
    return { row, cells: [...row.cells], text: words, runs: tokensOf(row) };
  });
  const status = make("span", { class: "rr-count", role: "status" });
  const tools = make("div", { class: "rr-tools" });
  let [tests, problem] = [[], ""];
  let differences = box.dataset.differences === "on";
  let sorted = null;
  let direction = 0;

  function filterRows() {
    let left = 0;
    for (const entry of rows) {
      const hidden =
        (differences && !("differs" in entry.row.dataset)) || !isChosen(entry.runs) || !tests.every((test) => test(entry));
      if (entry.row.hidden !== hidden) entry.row.hidden = hidden;
      left += !hidden;
    }
    status.textContent = [problem, left < rows.length && `${left} of ${rows.length} rows`].filter(Boolean).join(" \u00b7 ");
    rove(body);
  }
  if (rows.some(({ runs }) => runs.length)) followers.push(filterRows);

  function sortRows() {
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
    if (direction) dress(sorted.head, { "aria-sort": direction > 0 ? "ascending" : "descending" });
  }

  if (rows.length > 1) {
    for (const column of columns) {
      const sort = button("", () => {
        direction = sorted !== column || !direction ? 1 : direction > 0 ? -1 : 0;
        sorted = column;
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
        [tests, problem] = rowTests(field.value, columns);
        filterRows();
      },
    });
    tools.append(field);
  }

  if ("differences" in box.dataset) {
    const change = (checked) => {
      differences = checked;
      filterRows();
    };
    tools.append(checkbox("Differences only", differences, change, { class: "rr-switch" }));
  }

  const folded = columns.some((column) => column.hidden);
  if (columns.length > 3 || folded) {
    const checks = columns.map((column) => {
      const change = (checked) => {
        column.hidden = !checked;
        showColumns(table, columns, rows);
      };
      return checkbox((column.family ? column.family + ": " : "") + column.label, !column.hidden, change);
    });
    tools.append(menu("Columns", ...checks));
  }

  if (rows.length) {
    const copies = Object.keys(COPIES).map((format) =>
      button(format, async () => {
        const chosen = [...body.rows].filter((row) => !row.hidden);
        const text = COPIES[format](columns.filter((column) => !column.hidden), chosen);
        status.textContent = `${plural(chosen.length, "row")} ${await copy(text, tools)}`;
      })
    );
    tools.append(menu("Copy", ...copies));
  }

  tools.append(status);
  (one(box, ".rr-scroll") || table).before(tools);
  if (folded) showColumns(table, columns, rows);
  if (differences) filterRows();
  rove(body);
}

/** How many columns each family of headings covers, as it was written. */
function families(table) {
  const above = one(table.tHead, "tr.rr-families");
  let next = 0;
  return Array.from(above ? above.cells : [], (cell) => {
    const width = (cell.rrWidth = cell.rrWidth || cell.colSpan);
    return { cell, from: next, to: (next += width) };
  });
}

function readColumns(table) {
  const heads = [...[...table.tHead.rows].at(-1).cells];
  const titles = heads.map((head) => shown(head, ".rr-unit, .rr-goal, .rr-symbol, .rr-visually-hidden"));
  const groups = families(table);
  return heads.map((head, index) => {
    const title = titles[index];
    const group = groups.find(({ from, to }) => index >= from && index < to);
    const family = group ? textOf(group.cell) : "";
    const unit = one(head, ".rr-unit");
    const twice = titles.indexOf(title) !== titles.lastIndexOf(title);
    const label = (twice && family ? `${family}.` : "") + title;
    return {
      head, index, title, family,
      label: unit ? `${label} (${textOf(unit)})` : label,
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
