/* Copies of what a table shows, and files made in the page. */

function csvCell(text, plain) {
  if (!plain && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replace(/"/g, '""')}"` : text;
}

const csvOf = (lines) => lines.map((line) => line.join() + "\n").join("");
const markdown = (text) => text.replace(/[\\`*_{}[\]<>#|!~$&]/g, "\\$&");

const COPIES = {
  CSV(columns, rows) {
    const lines = rows.map(({ cells }) =>
      columns.map(({ index, kind }) => {
        const cell = cells[index];
        const raw = isGap(cell) ? "" : cell.dataset.value;
        if (raw === undefined) return isNumber(kind) ? "" : csvCell(shown(cell));
        return csvCell(raw, isNumber(kind) && (toNumber(raw) !== null || /^nan$/i.test(raw)));
      })
    );
    return csvOf([columns.map(({ label }) => csvCell(label)), ...lines]);
  },
  /** The best of a column stand out. */
  Markdown(columns, rows) {
    const lines = rows.map(({ cells }) =>
      columns.map(({ index }) => {
        const cell = cells[index];
        const text = cell ? markdown(shown(cell)) : "";
        return cell && cell.matches(".rr-best") ? `**${text}**` : text;
      })
    );
    const heads = [columns.map(({ label }) => markdown(label)), columns.map(({ kind }) => (isNumber(kind) ? "---:" : "---"))];
    return [...heads, ...lines].map((line) => `| ${line.join(" | ")} |\n`).join("");
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

const KEPT = ["fill", "stroke", "stroke-width", "stroke-opacity", "opacity", "font-size", "font-weight", "paint-order", "display"];

/** The drawing as it is seen, as the text of a file of its own: colours and sizes written out. */
function drawingOf(svg) {
  const copy = svg.cloneNode(true);
  const seen = all(svg, "*");
  all(copy, "*").forEach((element, n) => {
    const style = getComputedStyle(seen[n]);
    if (style.display === "none") return element.remove();
    for (const name of KEPT) {
      const value = style.getPropertyValue(name);
      if (/^(fill|stroke)$/.test(name) || !/^(|none|normal|1|inline|block)$/.test(value)) dress(element, { [name]: value });
    }
    for (const { name } of [...element.attributes]) {
      if (/^(data-|aria-|class|role|tabindex)/.test(name)) element.removeAttribute(name);
    }
  });
  const { width, height } = svg.viewBox.baseVal;
  for (const { name } of [...copy.attributes]) if (/^(data-|aria-|class|role)/.test(name)) copy.removeAttribute(name);
  dress(copy, { width, height, "font-family": "sans-serif" }).prepend(
    draw("title", {}, attribute(svg, "aria-label") || ""),
    draw("rect", { width: "100%", height: "100%", fill: getComputedStyle(svg).getPropertyValue("--rr-surface").trim() || "#fff" })
  );
  return new XMLSerializer().serializeToString(copy);
}

/** Buttons for the files; their names are letters and digits of the caption alone. */
function saveMenu(svg, caption) {
  const name = fold(caption).replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60) || "chart";
  const type = "image/svg+xml";
  const picture = () => {
    const image = new Image();
    image.onload = () => {
      const { width, height } = svg.viewBox.baseVal;
      const canvas = make("canvas", { width: 2 * width, height: 2 * height });
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((content) => download(content, `${name}.png`, "image/png"));
    };
    image.src = `data:${type},` + encodeURIComponent(drawingOf(svg));
  };
  return menu("Save", button("SVG", () => download(drawingOf(svg), `${name}.svg`, type)), button("PNG", picture));
}
