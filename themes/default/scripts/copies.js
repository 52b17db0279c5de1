/* Copies of what a table shows, and files made in the page. */

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

/** Each row's words, the best ones marked. */
const wordsOf = (columns, rows, encode, strong) =>
  rows.map(({ cells }) =>
    columns.map(({ index }) => {
      const cell = cells[index];
      const text = cell ? encode(shown(cell)) : "";
      return cell && cell.classList.contains("rr-best") ? strong(text) : text;
    })
  );

const COPIES = {
  CSV(columns, rows) {
    const lines = rows.map(({ cells }) =>
      columns.map(({ index, kind }) => {
        const cell = cells[index];
        const raw = !cell || cell.classList.contains("rr-missing") ? "" : cell.dataset.value;
        if (raw === undefined) return isNumber(kind) ? "" : csvCell(shown(cell));
        return csvCell(raw, isNumber(kind) && (toNumber(raw) !== null || /^nan$/i.test(raw)));
      })
    );
    return [columns.map(({ label }) => csvCell(label)), ...lines].map((line) => line.join() + "\n").join("");
  },
  LaTeX(columns, rows) {
    const line = (parts) => parts.join(" & ") + " \\\\";
    return [
      "\\begin{tabular}{" + columns.map((c) => (isNumber(c.kind) ? "r" : "l")).join("") + "}",
      "\\toprule",
      line(columns.map(({ label }) => latex(label))),
      "\\midrule",
      ...wordsOf(columns, rows, latex, (text) => "\\textbf{" + text + "}").map(line),
      "\\bottomrule",
      "\\end{tabular}",
      "",
    ].join("\n");
  },
  Markdown(columns, rows) {
    const line = (parts) => `| ${parts.join(" | ")} |\n`;
    return [
      columns.map(({ label }) => markdown(label)),
      columns.map(({ kind }) => (isNumber(kind) ? "---:" : "---")),
      ...wordsOf(columns, rows, markdown, (text) => `**${text}**`),
    ].map(line).join("");
  },
};

function download(content, name, type) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = make("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/** A file's name from a heading: letters and digits alone. */
const fileName = (text, end) => (fold(text).replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60) || "chart") + end;

const KEPT = ["fill", "stroke", "stroke-width", "stroke-opacity", "opacity", "font-size", "font-weight", "paint-order", "display"];

/** The drawing as it is seen, as a file of its own: colours and sizes written out. */
function drawingOf(svg) {
  const copy = svg.cloneNode(true);
  const [seen, written] = [[svg, ...all(svg, "*")], [copy, ...all(copy, "*")]];
  written.forEach((element, n) => {
    const style = getComputedStyle(seen[n]);
    if (style.display === "none") return element.remove();
    for (const name of KEPT) {
      const value = style.getPropertyValue(name);
      if (n && value && !/^(none|normal|1|inline|block)$/.test(value + "") | /^(fill|stroke)$/.test(name)) element.setAttribute(name, value);
    }
    for (const { name } of [...element.attributes]) {
      if (/^(data-|aria-|class|role|tabindex)/.test(name)) element.removeAttribute(name);
    }
  });
  const box = svg.viewBox.baseVal;
  const page = getComputedStyle(document.documentElement);
  dress(copy, { width: box.width, height: box.height, "font-family": "sans-serif" });
  copy.prepend(
    draw("title", {}, svg.getAttribute("aria-label") || ""),
    draw("rect", { width: "100%", height: "100%", fill: getComputedStyle(svg).getPropertyValue("--rr-surface").trim() || "#fff" })
  );
  return { text: new XMLSerializer().serializeToString(copy), box, page };
}

function saveMenu(svg, caption) {
  const svgItem = button("SVG", () => download(drawingOf(svg).text, fileName(caption, ".svg"), "image/svg+xml"));
  const pngItem = button("PNG", () => {
    const { text, box } = drawingOf(svg);
    const image = new Image();
    image.onload = () => {
      const canvas = make("canvas", { width: 2 * box.width, height: 2 * box.height });
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((content) => download(content, fileName(caption, ".png"), "image/png"));
    };
    image.src = "data:image/svg+xml," + encodeURIComponent(text);
  });
  return menu("Save", [svgItem, pngItem]);
}
