/* Rectangles and lassos over charts whose marks are points: any chart, whatever its axes. */

/** Marks that stand at a place, with that place in the drawing: circles, and small closed shapes. */
function pointsOf(svg) {
  return all(svg, ".rr-mark").flatMap((mark) => {
    if (mark.localName === "circle") return { mark, x: +attribute(mark, "cx"), y: +attribute(mark, "cy") };
    if (!/z\s*$/i.test(attribute(mark, "d"))) return [];
    const { x, y, width, height } = mark.getBBox();
    return max(width, height) < 24 ? { mark, x: x + width / 2, y: y + height / 2 } : [];
  });
}

/** Whether a point lies in a polygon (even-odd rule). */
function within(polygon, x, y) {
  let inside = false;
  polygon.forEach(([xi, yi], i) => {
    const [xj, yj] = polygon.at(i - 1);
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  });
  return inside;
}

const boxOf = (a, b) => [[a.x, a.y], [b.x, a.y], [b.x, b.y], [a.x, b.y]];
let regions = 0;

function enhanceRegions(svg, tools, caption, plane) {
  const points = pointsOf(svg);
  if (new Set(points.map(({ mark }) => mark.dataset.run)).size < 2) return;
  const key = `region ${regions++}`;
  const { width, height } = svg.viewBox.baseVal;
  for (const point of points) point.runs = idsOf(point.mark);
  const inner = () => (plane && plane.inner) || svg;
  let polygon = null;
  let shape = null;

  function setRegion(found) {
    polygon = found && found.map(([x, y]) => [clamp(x, 0, width), clamp(y, 0, height)].map((v) => round(v * 10) / 10));
    if (shape) shape.remove();
    shape = null;
    if (!polygon) return setTerm(key);
    const inside = new Set(points.flatMap(({ x, y, runs }) => (within(polygon, x, y) ? runs : [])));
    shape = draw("polygon", {
      class: "rr-region", points: polygon.join(" "), tabindex: "0", role: "group", keydown: byKey,
      "aria-label": `Selected region with ${plural(inside.size, "run")}: arrow keys move it, with Shift resize it, Delete removes it`,
    });
    inner().append(shape);
    setTerm(key, { words: `region of ${caption}`, test: (n) => inside.has(n), state: polygon, remove: () => setRegion(null) });
  }
  function byKey(event) {
    const step = ARROWS[event.key];
    if (isDelete(event)) setRegion(null);
    else if (!step) return;
    else {
      const ends = [0, 1].map((n) => polygon.map((corner) => corner[n]));
      setRegion(
        polygon.map((corner) =>
          corner.map((v, n) => {
            const by = step[n] * (n ? height : width) * 0.02;
            const low = min(...ends[n]);
            return v + (event.shiftKey ? (by * (v - low)) / (max(...ends[n]) - low || 1) : by);
          })
        )
      );
      shape.focus({ preventScroll: true });
    }
    halt(event);
  }
  restore[key] = (found) => {
    if (!found.flat().every(isFinite)) throw key;
    setRegion(found);
  };

  /* a chart with curves is zoomed by dragging unless a selection was asked for */
  let tool = plane && plane.curves.length ? null : "box";
  const arm = (wanted) => () => {
    tool = wanted;
    // a finger draws instead of scrolling
    toggle(svg, "rr-armed", true);
    closeMenus();
    if (wanted === "box" && !polygon) {
      setRegion(boxOf({ x: width * 0.35, y: height * 0.35 }, { x: width * 0.65, y: height * 0.65 }));
    }
    if (shape) shape.focus({ preventScroll: true });
  };
  tools.append(menu("Select", button("Rectangle", arm("box")), button("Lasso", arm("lasso"))));

  follow(svg, 6, (event) => {
    const scrolls = event.pointerType === "touch" && !svg.matches(".rr-armed");
    if (!tool || scrolls || near(event, ".rr-region")) return null;
    const track = [placeOf(event, inner())];
    const isLasso = tool === "lasso" || event.shiftKey;
    return {
      move(event) {
        const here = placeOf(event, inner());
        if (isLasso) track.push(here);
        setRegion(isLasso ? track.map(({ x, y }) => [x, y]) : boxOf(track[0], here));
      },
      end() {},
    };
  });
  if (plane) plane.selects = () => tool;
  on(svg, "click", (event) => {
    if (!dragged && polygon && !near(event, ".rr-mark, .rr-region")) setRegion(null);
  });
}
