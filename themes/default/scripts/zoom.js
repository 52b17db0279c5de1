/* Zoom and pan: a nested drawing shows a part of the plot, with ticks of its own. */

const TEXTLESS = /^(title|desc|clipPath|defs)$/;
const whole = ({ x0, y0, x1, y1 }) => [x0, y0, x1, y1];

/** Show a part of the plot, kept inside of it. */
function zoom(plane, left, top, right, bottom) {
  const { svg, x0, y0, x1, y1 } = plane;
  [left, right] = [clamp(left, x0, x1), clamp(right, x0, x1)];
  [top, bottom] = [clamp(top, y0, y1), clamp(bottom, y0, y1)];
  if (right - left < 2 || bottom - top < 2) return;
  const view = [left, top, right, bottom];
  if (view.join() === whole(plane).join()) return unzoom(plane);
  const [wide, high] = [x1 - x0, y1 - y0];
  if (!plane.inner) open(plane);
  plane.window = view;
  plane.inner.setAttribute("viewBox", `${left} ${top} ${right - left} ${bottom - top}`);
  const axes = [draw("rect", { x: x0, y: y0, width: wide, height: high, class: "rr-frame" })];
  for (const value of nice(plane.x, plane.x.at(left), plane.x.at(right))) {
    const x = x0 + ((plane.x.placeOf(value) - left) / (right - left)) * wide;
    axes.push(draw("line", { x1: x, x2: x, y1: y0, y2: y1 }));
    axes.push(draw("text", { x, y: y1 + 17, "text-anchor": "middle" }, plain(value)));
  }
  for (const value of nice(plane.y, plane.y.at(bottom), plane.y.at(top))) {
    const y = y0 + ((plane.y.placeOf(value) - top) / (bottom - top)) * high;
    axes.push(draw("line", { x1: x0, x2: x1, y1: y, y2: y }));
    axes.push(draw("text", { x: x0 - 7, y: y + 4, "text-anchor": "end" }, plain(value)));
  }
  plane.axes.replaceChildren(...axes);
  plane.reset.hidden = false;
}

function open(plane) {
  const { svg, x0, y0, x1, y1 } = plane;
  plane.original = [...svg.children];
  plane.inner = draw("svg", { x: x0, y: y0, width: x1 - x0, height: y1 - y0, preserveAspectRatio: "none" });
  plane.axes = draw("g", { class: "rr-ticks" });
  const labels = [plane.x.label, plane.y.label];
  const kept = [];
  for (const part of plane.original) {
    if (TEXTLESS.test(part.localName)) kept.push(part);
    else if (part.localName !== "g" || !part.querySelector("text")) plane.inner.append(part);
    else {
      const copy = part.cloneNode(true);
      for (const text of all(copy, "text")) {
        const start = text.textContent.replace(/\u2026$/, "");
        if (!labels.some((label) => label.startsWith(start))) text.remove();
      }
      kept.push(copy);
    }
  }
  svg.replaceChildren(...kept, plane.axes, plane.inner);
  svg.classList.add("rr-zoomed");
  if (!plane.reset) {
    plane.reset = button("Reset zoom", () => {
      unzoom(plane);
      const mark = svg.querySelector('.rr-mark[tabindex="0"]');
      if (mark) mark.focus({ preventScroll: true });
    }, { class: "rr-reset" });
    svg.after(plane.reset);
  }
}

function unzoom(plane) {
  if (!plane.inner) return;
  const added = all(plane.svg, ".rr-region");
  plane.svg.replaceChildren(...plane.original, ...added);
  plane.svg.classList.remove("rr-zoomed");
  plane.inner = plane.window = null;
  plane.reset.hidden = true;
}

const plain = (value) => {
  const size = Math.abs(value);
  return minus(size !== 0 && (size >= 1e6 || size < 1e-4) ? value.toExponential() : value);
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
    for (let n = Math.ceil(low / step); n * step <= high && values.length < 12; n++) values.push(Number((n * step).toPrecision(8)));
  }
  return values.filter((value) => value >= low && value <= high);
}

/** Nearer (`+`) around a place of the drawing, or further away (`-`). */
function zoomBy(plane, sign, place) {
  const [l, t, r, b] = plane.window || whole(plane);
  const out = sign === "-";
  const factor = out ? 1 : 0.25;
  const x = out || !place ? (l + r) / 2 : clamp(place.x + place.width / 2, l, r);
  const y = out || !place ? (t + b) / 2 : clamp(place.y + place.height / 2, t, b);
  zoom(plane, x - (r - l) * factor, y - (b - t) * factor, x + (r - l) * factor, y + (b - t) * factor);
}

/** Move what is seen, by shares of it; it stops at the plot's edge. */
function pan(plane, across, down, [l, t, r, b] = plane.window) {
  const x = clamp(across * (r - l), plane.x0 - l, plane.x1 - r);
  const y = clamp(down * (b - t), plane.y0 - t, plane.y1 - b);
  zoom(plane, l + x, t + y, r + x, b + y);
}

/** Keys + and - zoom around the mark in focus, 0 shows everything, arrows with Shift pan. */
function zoomByKey(plane, mark, event) {
  const { key, shiftKey } = event;
  const way = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, -0.2], ArrowDown: [0, 0.2] }[key];
  if (way && shiftKey && plane.window) pan(plane, ...way);
  else if (key === "0") unzoom(plane);
  else if ("+=-".includes(key)) zoomBy(plane, key, mark.getBBox());
  else return false;
  mark.focus({ preventScroll: true });
  return true;
}

function enhanceZoom(plane, tools) {
  const { svg } = plane;
  let start = null;
  let brush = null;
  const local = (event) => {
    const matrix = (plane.inner || svg).querySelector("g").getScreenCTM().inverse();
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
  };
  tools.append(
    button("+", () => zoomBy(plane, "+"), { "aria-label": "Zoom in" }),
    button("\u2212", () => zoomBy(plane, "-"), { "aria-label": "Zoom out" })
  );
  svg.addEventListener("pointerdown", (event) => {
    dragged = false;
    // a finger scrolls the page; it moves what was zoomed, and buttons zoom
    const touch = event.pointerType === "touch";
    if (event.button || (touch && !plane.window) || svg.classList.contains("rr-armed")) return;
    const at = local(event);
    const [l, t, r, b] = plane.window || whole(plane);
    if (at.x < l || at.x > r || at.y < t || at.y > b) return;
    start = { x: event.clientX, y: event.clientY, at, from: (touch || event.shiftKey) && plane.window };
  });
  document.addEventListener("pointermove", (event) => {
    if (!start) return;
    const [dx, dy] = [event.clientX - start.x, event.clientY - start.y];
    if (!brush && Math.hypot(dx, dy) < 8) return;
    hideTip();
    const frame = svg.parentNode.getBoundingClientRect();
    if (start.from) {
      dragged = true;
      const scale = frame.width / svg.viewBox.baseVal.width;
      return pan(plane, -dx / scale / (plane.x1 - plane.x0), -dy / scale / (plane.y1 - plane.y0), start.from);
    }
    if (!brush) svg.parentNode.append((brush = make("div", { class: "rr-brush" })));
    brush.style.left = `${Math.min(start.x, event.clientX) - frame.left}px`;
    brush.style.top = `${Math.min(start.y, event.clientY) - frame.top}px`;
    brush.style.width = `${Math.abs(dx)}px`;
    brush.style.height = `${Math.abs(dy)}px`;
  });
  const stop = (event) => {
    if (brush && event.type === "pointerup") {
      const [a, b] = [start.at, local(event)];
      const [l, t, r, d] = plane.window || whole(plane);
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
