/* Rectangles and lassos over charts whose marks are points: any chart, whatever its axes. */

/** Marks that stand at a place, with that place in the drawing. */
function pointsOf(svg) {
  const points = [];
  for (const mark of all(svg, ".rr-mark")) {
    if (mark.localName === "circle") points.push({ mark, x: Number(mark.getAttribute("cx")), y: Number(mark.getAttribute("cy")) });
    else if (/z\s*$/i.test(mark.getAttribute("d") || "")) {
      const { x, y, width, height } = mark.getBBox();
      if (width < 24 && height < 24) points.push({ mark, x: x + width / 2, y: y + height / 2 });
    }
  }
  return points;
}

/** Whether a point lies in a polygon (even-odd rule). */
function within(polygon, x, y) {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [polygon[i], polygon[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

const boxOf = (a, b) => [[a.x, a.y], [b.x, a.y], [b.x, b.y], [a.x, b.y]];
const regions = [];
let dragged = false;

function enhanceRegions(svg, tools, caption, plane) {
  const points = pointsOf(svg);
  if (new Set(points.map(({ mark }) => mark.dataset.run)).size < 2) return;
  const at = regions.length;
  const key = `region ${at}`;
  const { width, height } = svg.viewBox.baseVal;
  for (const point of points) point.runs = tokensOf(point.mark).map((run) => places.get(run));
  let polygon = null;
  let shape = null;

  function setRegion(found) {
    polygon = found && found.map(([x, y]) => [clamp(x, 0, width), clamp(y, 0, height)].map((v) => Math.round(v * 10) / 10));
    if (shape) shape.remove();
    shape = null;
    if (!polygon) return setTerm(key);
    const inside = new Set();
    for (const { x, y, runs } of points) if (within(polygon, x, y)) for (const run of runs) inside.add(run);
    shape = draw("polygon", {
      class: "rr-region", points: polygon.join(" "), tabindex: "0", role: "group", keydown: byKey,
      "aria-label": `Selected region with ${plural(inside.size, "run")}: arrow keys move it, with Shift resize it, Delete removes it`,
    });
    (plane && plane.inner ? plane.inner : svg).append(shape);
    setTerm(key, { words: `region of ${caption}`, test: (n) => inside.has(n), state: polygon, remove: () => setRegion(null) });
  }
  function byKey(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "Delete" || event.key === "Backspace") setRegion(null);
    else if (!step) return;
    else {
      const [left, top] = [0, 1].map((n) => Math.min(...polygon.map((corner) => corner[n])));
      const size = [0, 1].map((n) => Math.max(...polygon.map((corner) => corner[n])) - [left, top][n] || 1);
      setRegion(
        polygon.map((corner) =>
          corner.map((v, n) => {
            const by = step[n] * (n ? height : width) * 0.02;
            return event.shiftKey ? v + (by * (v - [left, top][n])) / size[n] : v + by;
          })
        )
      );
      shape.focus({ preventScroll: true });
    }
    event.preventDefault();
    event.stopPropagation();
  }
  regions.push(setRegion);
  restore.region = (found, n) => {
    if (!found.every((corner) => corner.length === 2 && corner.every(Number.isFinite))) throw new Error("no region");
    regions[n](found);
  };

  /* a chart with curves is zoomed by dragging unless a selection was asked for */
  let tool = plane && plane.curves.length ? null : "box";
  const arm = (wanted) => () => {
    tool = wanted;
    svg.classList.add("rr-armed");
    closeMenus();
    if (wanted === "box" && !polygon) {
      const [x, y] = [0.35, 0.35];
      setRegion(boxOf({ x: width * x, y: height * y }, { x: width * (1 - x), y: height * (1 - y) }));
    }
    if (shape) shape.focus({ preventScroll: true });
  };
  tools.append(menu("Select", [button("Rectangle", arm("box")), button("Lasso", arm("lasso"))]));

  let track = null;
  const local = (event) => {
    const matrix = (plane && plane.inner ? plane.inner : svg).querySelector("g").getScreenCTM().inverse();
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
  };
  svg.addEventListener("pointerdown", (event) => {
    dragged = false;
    const touch = event.pointerType === "touch" && !svg.classList.contains("rr-armed");
    if (event.button || touch || !tool || near(event, ".rr-region")) return;
    track = { id: event.pointerId, points: [local(event)], lasso: tool === "lasso" || event.shiftKey };
  });
  document.addEventListener("pointermove", (event) => {
    if (!track || event.pointerId !== track.id) return;
    const [first, here] = [track.points[0], local(event)];
    if (!track.moved && Math.hypot(here.x - first.x, here.y - first.y) < 6) return;
    track.moved = dragged = true;
    hideTip();
    if (track.lasso) track.points.push(here);
    setRegion(track.lasso ? track.points.map(({ x, y }) => [x, y]) : boxOf(first, here));
  });
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => (track = null));
  svg.addEventListener("click", (event) => {
    if (!dragged && polygon && !near(event, ".rr-mark, .rr-region")) setRegion(null);
  });
}
