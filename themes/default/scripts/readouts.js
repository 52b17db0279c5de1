/* What stands under the pointer or the focus, in words. */

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
  if (tip.hidden) return;
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
  const size = Math.abs(value);
  if (size <= slack) return "0";
  let digits = 1;
  while (digits < 12 && Math.abs(Number(value.toPrecision(digits)) - value) > slack) digits++;
  return minus(size >= 1e7 || size < 1e-4 ? value.toExponential(digits - 1) : Number(value.toPrecision(digits)));
}

/** The axes of a chart; its curves and points are read when they are first asked for. */
function readPlane(svg) {
  const [x0, y0, x1, y1] = svg.dataset.box.split(" ").map(Number);
  const plane = { svg, x0, y0, x1, y1, inner: null };
  plane.x = axisOf(svg, "x", x0, x1);
  plane.y = axisOf(svg, "y", y1, y0);
  const marks = all(svg, ".rr-mark[data-tip]");
  const circles = marks.filter((mark) => mark.localName === "circle");
  plane.points = circles.map((mark) => ({ mark, x: Number(mark.getAttribute("cx")), y: Number(mark.getAttribute("cy")) }));
  // closed shapes and curved ones are bars, bands and densities: only their own tip speaks
  plane.curves = marks.filter((mark) => /^[ML\d\s.eE-]+$/.test((mark.getAttribute("d") || "").slice(0, 4000)));
  let pieces = null;
  plane.pieces = () => {
    if (pieces) return pieces;
    pieces = [];
    for (const mark of plane.curves) {
      for (const piece of mark.getAttribute("d").split("M").slice(1)) {
        const numbers = (piece.match(/-?[\d.]+(?:e-?\d+)?/gi) || []).map(Number);
        if (numbers.length >= 4) pieces.push({ mark, numbers });
      }
    }
    return pieces;
  };
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
  const share = xb > xa ? clamp((x - xa) / (xb - xa), 0, 1) : 0;
  return { y: ya + (yb - ya) * share, near: share < 0.5 ? xa : xb };
}

const NEIGHBOURS = 5;

function readOut(plane, event) {
  const matrix = (plane.inner || plane.svg).querySelector("g").getScreenCTM();
  if (!matrix) return false;
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
  if (at.x < plane.x0 - 4 || at.x > plane.x1 + 4 || at.y < plane.y0 - 4 || at.y > plane.y1 + 4) return false;
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
  for (const entry of list) lines.push(`${tipLines(entry.mark)[0]}: \u2248 ${words(plane.y, entry.y)}`);
  const place = screen(x, best.y);
  hair(plane, place.x);
  showTip(lines, place.x, event.clientY, 1 + list.indexOf(best));
  hover(Math.abs(place.y - event.clientY) < 24 ? tokensOf(best.mark) : []);
  return true;
}

/** One entry per mark that has a value at x and is selected, the nearest to y first. */
function closestCurves(plane, x, y) {
  const found = new Map();
  for (const curve of plane.pieces()) {
    if (curve.mark.classList.contains("rr-out")) continue;
    const height = heightAt(curve, x);
    if (!height) continue;
    // a curve and its smoothed copy are one entry
    const key = `${curve.mark.dataset.run}\n${curve.mark.dataset.tip}`;
    const known = found.get(key);
    if (known && Math.abs(known.y - y) <= Math.abs(height.y - y)) continue;
    found.set(key, { mark: curve.mark, ...height });
  }
  return [...found.values()].sort((a, b) => Math.abs(a.y - y) - Math.abs(b.y - y));
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
