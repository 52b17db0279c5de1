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
  const { width, height } = frameOf(tip);
  const room = root.clientWidth;
  const left = x + 14 + width < room ? x + 14 : x - 14 - width;
  const top = y - height - 12 > 0 ? y - height - 12 : y + 16;
  put(tip, { left: max(4, min(left, room - width - 4)), top: max(4, min(top, innerHeight - height - 4)) });
}

function hideTip() {
  anchor = null;
  if (tip.hidden) return;
  tip.hidden = true;
  for (const line of everywhere(".rr-hair")) line.hidden = true;
}

const tipLines = (element) => element.dataset.tip.split("\n");

function tipAt(element) {
  const box = frameOf(element);
  showTip(tipLines(element), box.left + box.width / 2, box.top + min(box.height / 2, 40), 0);
  // a lane's help would hide its name
  if (element.matches(".rr-lane")) put(tip, { top: min(box.bottom, innerHeight - tip.offsetHeight) - 4 });
  anchor = element;
}

/** The value at a share of an axis. */
const valueAt = ({ low, high, log }, share) => (log ? low * pow(high / low, share) : low + (high - low) * share);

/** What one axis shows, from the attributes of its chart. */
function axisOf({ dataset }, name, from, to) {
  const [low, high] = (dataset[name] || "").split(" ").map(Number);
  const axis = { low, high, log: dataset[`${name}Log`] === "1", label: dataset[`${name}Label`] || name };
  axis.at = (place) => valueAt(axis, (place - from) / (to - from));
  axis.placeOf = (value) => {
    const [v, l, h] = axis.log ? [value, low, high].map(log10) : [value, low, high];
    return from + ((to - from) * (v - l)) / (h - l);
  };
  return axis;
}

/** The shortest number that lies within what 0.1 px of the drawing can tell apart. */
function words({ at }, place) {
  const value = at(place);
  const slack = abs(at(place + 0.07) - at(place - 0.07)) / 2;
  return abs(value) <= slack ? "0" : plain(rounded(value, (found) => abs(found - value) <= slack));
}

/** The axes of a chart; its curves and points are read when they are first asked for. */
function readPlane(svg) {
  const [x0, y0, x1, y1] = svg.dataset.box.split(" ").map(Number);
  const plane = { svg, x0, y0, x1, y1, inner: null };
  plane.x = axisOf(svg, "x", x0, x1);
  plane.y = axisOf(svg, "y", y1, y0);
  const marks = all(svg, ".rr-mark[data-tip]");
  plane.points = pointsOf(svg).filter(({ mark }) => mark.dataset.tip);
  // closed shapes and curved ones are bars, bands and densities: only their own tip speaks
  plane.curves = marks.filter((mark) => /^[ML\d\s.eE-]+$/.test((attribute(mark, "d") || "").slice(0, 4000)));
  let pieces = null;
  plane.pieces = () => {
    if (pieces) return pieces;
    pieces = [];
    for (const mark of plane.curves) {
      for (const piece of attribute(mark, "d").split("M").slice(1)) {
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
  const drawing = one(plane.inner || plane.svg, "g");
  const matrix = drawing.getScreenCTM();
  if (!matrix) return false;
  const at = placeOf(event, drawing);
  if (at.x < plane.x0 - 4 || at.x > plane.x1 + 4 || at.y < plane.y0 - 4 || at.y > plane.y1 + 4) return false;
  const screen = (x, y) => new DOMPoint(x, y).matrixTransform(matrix);
  let nearest = null;
  for (const point of plane.points) {
    const place = screen(point.x, point.y);
    const distance = hypot(place.x - event.clientX, place.y - event.clientY);
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
  hover(abs(place.y - event.clientY) < 24 ? tokensOf(best.mark) : []);
  return true;
}

/** One entry per mark that has a value at x and is selected, the nearest to y first. */
function closestCurves(plane, x, y) {
  const found = new Map();
  for (const curve of plane.pieces()) {
    if (curve.mark.matches(".rr-out")) continue;
    const height = heightAt(curve, x);
    if (!height) continue;
    // a curve and its smoothed copy are one entry
    const key = `${curve.mark.dataset.run}\n${curve.mark.dataset.tip}`;
    const known = found.get(key);
    if (known && abs(known.y - y) <= abs(height.y - y)) continue;
    found.set(key, { mark: curve.mark, ...height });
  }
  return [...found.values()].sort((a, b) => abs(a.y - y) - abs(b.y - y));
}

function hair(plane, clientX) {
  const holder = plane.svg.parentNode;
  let line = one(holder, ".rr-hair");
  if (!line) holder.append((line = make("div", { class: "rr-hair" })));
  line.hidden = clientX === null;
  if (clientX === null) return;
  const frame = frameOf(holder);
  const box = frameOf(plane.svg);
  const scale = box.height / plane.svg.viewBox.baseVal.height;
  put(line, { left: clientX - frame.left, top: box.top - frame.top + plane.y0 * scale, height: (plane.y1 - plane.y0) * scale });
}
