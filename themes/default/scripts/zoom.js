/* Zoom and pan: a nested drawing shows a part of the plot, with ticks of its own. */

const TEXTLESS = /^(title|desc|clipPath|defs)$/;
const viewOf = ({ view, x0, y0, x1, y1 }) => view || [x0, y0, x1, y1];

/** Show a part of the plot, kept inside of it. */
function zoom(plane, left, top, right, bottom) {
  const { x0, y0, x1, y1, x, y } = plane;
  [left, right] = [clamp(left, x0, x1), clamp(right, x0, x1)];
  [top, bottom] = [clamp(top, y0, y1), clamp(bottom, y0, y1)];
  const [wide, high] = [right - left, bottom - top];
  if (wide < 2 || high < 2) return;
  if (wide === x1 - x0 && high === y1 - y0) return unzoom(plane);
  if (!plane.inner) open(plane);
  plane.view = [left, top, right, bottom];
  dress(plane.inner, { viewBox: `${left} ${top} ${wide} ${high}` });
  plane.axes.replaceChildren(
    draw("rect", { x: x0, y: y0, width: x1 - x0, height: y1 - y0 }),
    ...ticks(x, left, right).flatMap((value) => {
      const at = x0 + ((x.placeOf(value) - left) / wide) * (x1 - x0);
      return [draw("line", { x1: at, x2: at, y1: y0, y2: y1 }), draw("text", { x: at, y: y1 + 17, "text-anchor": "middle" }, plain(value))];
    }),
    ...ticks(y, bottom, top).flatMap((value) => {
      const at = y0 + ((y.placeOf(value) - top) / high) * (y1 - y0);
      return [draw("line", { x1: x0, x2: x1, y1: at, y2: at }), draw("text", { x: x0 - 7, y: at + 4, "text-anchor": "end" }, plain(value))];
    })
  );
  plane.reset.hidden = false;
}

function open(plane) {
  const { svg, x0, y0, x1, y1, x, y } = plane;
  plane.original = [...svg.children];
  plane.inner = draw("svg", { x: x0, y: y0, width: x1 - x0, height: y1 - y0, preserveAspectRatio: "none" });
  plane.axes = draw("g", { class: "rr-ticks" });
  const kept = [];
  for (const part of plane.original) {
    if (TEXTLESS.test(part.localName)) kept.push(part);
    else if (part.localName !== "g" || !one(part, "text")) plane.inner.append(part);
    else {
      const copy = part.cloneNode(true);
      for (const text of all(copy, "text")) {
        const start = text.textContent.replace(/\u2026$/, "");
        if (!x.label.startsWith(start) && !y.label.startsWith(start)) text.remove();
      }
      kept.push(copy);
    }
  }
  svg.replaceChildren(...kept, plane.axes, plane.inner);
  toggle(svg, "rr-zoomed", true);
  if (!plane.reset) {
    plane.reset = button("Reset zoom", () => {
      unzoom(plane);
      const mark = one(svg, '.rr-mark[tabindex="0"]');
      if (mark) mark.focus({ preventScroll: true });
    }, { class: "rr-reset" });
    svg.after(plane.reset);
  }
}

function unzoom(plane) {
  if (!plane.inner) return;
  plane.svg.replaceChildren(...plane.original, ...all(plane.svg, ".rr-region"));
  toggle(plane.svg, "rr-zoomed", false);
  plane.inner = plane.view = null;
  plane.reset.hidden = true;
}

const plain = (value) => minus(value !== 0 && (abs(value) >= 1e6 || abs(value) < 1e-4) ? value.toExponential() : value);

/** Few round values between two places of an axis. */
function ticks({ at, log }, from, to) {
  const [low, high] = [at(from), at(to)];
  const values = [];
  if (log && high / low > 8) {
    for (let d = Math.floor(log10(low)); d <= log10(high); d++) values.push(Number(`1e${d}`));
  } else {
    const rough = (high - low) / 5;
    const power = pow(10, Math.floor(log10(rough)));
    const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
    for (let n = Math.ceil(low / step); n * step <= high && values.length < 12; n++) values.push(Number((n * step).toPrecision(8)));
  }
  return values.filter((value) => value >= low && value <= high);
}

/** Nearer (`+`) around a place of the drawing, or further away (`-`). */
function zoomBy(plane, sign, place) {
  const [l, t, r, b] = viewOf(plane);
  const out = sign === "-";
  const factor = out ? 1 : 0.25;
  const x = out || !place ? (l + r) / 2 : clamp(place.x + place.width / 2, l, r);
  const y = out || !place ? (t + b) / 2 : clamp(place.y + place.height / 2, t, b);
  zoom(plane, x - (r - l) * factor, y - (b - t) * factor, x + (r - l) * factor, y + (b - t) * factor);
}

/** Move what is seen, by shares of it; it stops at the plot's edge. */
function pan(plane, across, down, [l, t, r, b] = plane.view) {
  const x = clamp(across * (r - l), plane.x0 - l, plane.x1 - r);
  const y = clamp(down * (b - t), plane.y0 - t, plane.y1 - b);
  zoom(plane, l + x, t + y, r + x, b + y);
}

/** Keys + and - zoom around the mark in focus, 0 shows everything, arrows with Shift pan. */
function zoomByKey(plane, mark, { key, shiftKey }) {
  const way = ARROWS[key];
  if (way && shiftKey && plane.view) pan(plane, way[0] / 5, way[1] / 5);
  else if (key === "0") unzoom(plane);
  else if ("+=-".includes(key)) zoomBy(plane, key, mark.getBBox());
  else return false;
  mark.focus({ preventScroll: true });
  return true;
}

function enhanceZoom(plane, tools) {
  const { svg } = plane;
  const local = (event) => placeOf(event, one(plane.inner || svg, "g"));
  tools.append(
    button("+", () => zoomBy(plane, "+"), { "aria-label": "Zoom in" }),
    button("\u2212", () => zoomBy(plane, "-"), { "aria-label": "Zoom out" })
  );
  on(svg, "dblclick", () => unzoom(plane));
  follow(svg, 8, (first) => {
    // a finger scrolls the page; it moves what was zoomed, and buttons zoom
    const touch = first.pointerType === "touch";
    const selects = plane.selects && plane.selects() && (!touch || svg.matches(".rr-armed"));
    if (selects || (touch && !plane.view)) return null;
    const a = local(first);
    const view = viewOf(plane);
    const [l, t, r, b] = view;
    if (a.x < l || a.x > r || a.y < t || a.y > b) return null;
    const moves = (touch || first.shiftKey) && plane.view;
    const brush = make("div", { class: "rr-brush" });
    return {
      move({ clientX, clientY }) {
        const [dx, dy] = [clientX - first.clientX, clientY - first.clientY];
        const frame = frameOf(svg.parentNode);
        if (moves) {
          const scale = frame.width / svg.viewBox.baseVal.width;
          return pan(plane, -dx / scale / (plane.x1 - plane.x0), -dy / scale / (plane.y1 - plane.y0), view);
        }
        svg.parentNode.append(brush);
        put(brush, {
          left: min(first.clientX, clientX) - frame.left, top: min(first.clientY, clientY) - frame.top,
          width: abs(dx), height: abs(dy),
        });
      },
      end(how, last) {
        brush.remove();
        if (how !== "drag" || moves) return;
        const c = local(last);
        // a flat drag zooms one axis
        const flat = abs(last.clientY - first.clientY) < 20;
        const slim = abs(last.clientX - first.clientX) < 20;
        if (flat && slim) return;
        zoom(
          plane,
          slim ? l : max(l, min(a.x, c.x)), flat ? t : max(t, min(a.y, c.y)),
          slim ? r : min(r, max(a.x, c.x)), flat ? b : min(b, max(a.y, c.y))
        );
      },
    };
  });
}
