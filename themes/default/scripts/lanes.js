/* Parallel coordinates: brush, turn over and reorder the lanes. A brush reaches from the middle of
   one gap between runs to the middle of another, so what it selects is what its words say. */

const LANE_HELP =
  "\u2191 \u2193 move the lower end, with Shift the upper one; Page keys by more; I turns the lane over; " +
  "Shift with \u2190 \u2192 moves it; Delete clears";
let laneCharts = 0;

function enhanceLanes(svg) {
  const { top, bottom, missing, lanes } = JSON.parse(svg.dataset.lanes);
  const chart = laneCharts++;
  const keyOf = (n) => `lane ${chart} ${n}`;
  const marks = all(svg, ".rr-mark");
  const paths = marks.map((mark) => (attribute(mark, "d").match(/-?[\d.]+/g) || []).map(Number));
  const runs = marks.map((mark) => idsOf(mark)[0]);
  const homes = lanes.map(({ x }) => x);
  const order = [...lanes.keys()];
  const height = bottom - top;
  for (const part of all(svg, ":scope > g")) if (!one(part, ".rr-mark")) part.remove();
  const holder = draw("g", { class: "rr-lanes" });
  svg.append(holder);
  // all lines once more, dimmed, in a layer below that brushing does not paint again
  const shadow = draw("path", {});
  svg.before(draw("svg", { class: "rr-shadow", viewBox: attribute(svg, "viewBox"), "aria-hidden": true }, shadow));
  const gone = (y) => y > bottom + 3;

  lanes.forEach((lane, n) => {
    lane.heights = paths.map((numbers) => numbers[2 * n + 1]);
    lane.seen = new Float64Array(everyRun.length).fill(NaN);
    runs.forEach((run, m) => (lane.seen[run] = lane.heights[m]));
    // places nearer than a quarter of a pixel cannot be told apart; from the bottom up
    lane.stops = [];
    for (const y of [...lane.heights].sort((a, b) => b - a)) {
      const last = lane.stops.at(-1);
      if (last && last.to - y < 0.25) last.to = y;
      else lane.stops.push({ from: y, to: y });
    }
    /** How many stops, at most one, are for runs without a value. */
    lane.lost = lane.stops.length && gone(lane.stops[0].from) ? 1 : 0;
    lane.flipped = false;
    lane.brush = null;
  });

  const shownAt = ({ flipped }, y) => (flipped && !gone(y) ? top + bottom - y : y);

  /** The edge below stop `n`, in the drawing: no run stands there. */
  function edge({ stops, lost }, n) {
    const [below, above] = [stops[n - 1], stops[n]];
    if (below && n > lost) return above ? (below.to + above.from) / 2 : below.to - 1;
    return above ? min(above.from + 1, n < lost ? Infinity : bottom + 2) : bottom;
  }

  /** A number between two stops with as few digits as the gap allows. */
  function numberAt(lane, n) {
    const { stops, lost } = lane;
    const room = n > lost && stops[n] ? (stops[n - 1].to - stops[n].from) / 2 - 0.06 : 0.9;
    const [low, value, high] = [room, 0, -room].map((by) => valueAt(lane, (bottom - edge(lane, n) - by) / height));
    return rounded(value, (found) => found > min(low, high) && found < max(low, high));
  }

  /** The brush as a condition of the spec. */
  function conditionOf(lane, from, to) {
    const { expression, words, stops, lost, rest } = lane;
    const name = /\s/.test(expression) && !/^\w+\["[^"]*"\]$/.test(expression) ? `(${expression})` : expression;
    const first = max(from, lost);
    const between = (a, b) => {
      const [low, high] = [numberAt(lane, a), numberAt(lane, b)].sort((c, d) => c - d);
      return `${name} >= ${low} and ${name} <= ${high}`;
    };
    const list = (a, b) =>
      `${name} in ${JSON.stringify(stops.slice(a, b).flatMap(({ from }) => words.filter((_, w) => abs(bottom - lane.ticks[w][0] * height - from) < 1)))}`;
    let inside = "";
    if (first <= to) {
      // the last place is for many words: all but the others
      if (words && rest && to === stops.length - 1) return (from < lost ? "not " : `${name} == ${name} and not `) + list(lost, first);
      inside = words ? list(first, to + 1) : between(first, to + 1);
    }
    if (from >= lost) return inside || `${name} != ${name}`;
    // no value at all: what no range holds
    const nothing = words || stops.length === lost ? `not ${name} == ${name}` : `not (${between(lost, stops.length)})`;
    return inside ? `(${nothing} or ${inside})` : nothing;
  }

  /** Select from one stop to another; both null: no brush. */
  function setBrush(n, from, to) {
    const lane = lanes[n];
    const { stops, seen, expression } = lane;
    lane.brush = from === null || (from <= 0 && to >= stops.length - 1) ? null : { from, to };
    if (lane.brush) {
      const [low, high] = [edge(lane, from), edge(lane, to + 1)];
      const words = from > to ? `no ${expression}` : conditionOf(lane, from, to);
      const test = (run) => from <= to && seen[run] <= low && seen[run] >= high;
      setTerm(keyOf(n), { words, test, state: [from, to, words], remove: () => setBrush(n, null) });
    } else setTerm(keyOf(n));
    showBrush(n);
  }

  /* ---- drawing ---- */

  function showBrush(n) {
    const lane = lanes[n];
    const { brush, heights, label, stops } = lane;
    dress(lane.band, { display: brush ? "inline" : "none" });
    let said = "all runs";
    if (brush) {
      const [low, high] = [edge(lane, brush.from), edge(lane, brush.to + 1)];
      const [a, b] = [shownAt(lane, low), shownAt(lane, high)];
      dress(lane.band, { y: min(a, b), height: max(abs(a - b), 2) });
      const inside = heights.filter((y) => y <= low && y >= high).length;
      said = `${terms.get(keyOf(n)).words}, ${inside} of ${plural(heights.length, "run")}`;
    }
    dress(lane.group, { "aria-label": `${label}: ${stops.length ? said : "no runs"}` });
  }

  function writeLane(n) {
    const lane = lanes[n];
    const { lost, flipped } = lane;
    const text = (y, words) => draw("text", { x: 5, y: y + 4 }, words);
    const texts = lane.ticks.map(([place, words]) => text(shownAt(lane, bottom - place * height), words));
    if (lost) texts.push(text(missing, "missing"));
    const name = draw(
      "g", { class: "rr-lane-name" },
      ...lane.name.map((part, row) => draw("text", { y: top - 36 + 15 * row }, part)),
      draw("rect", { x: -30, y: top - 52, width: 60, height: 50, fill: "transparent" }),
      draw("text", { y: top - 9, class: "rr-turn" }, flipped ? "\u25bc" : "\u25b2")
    );
    const hit = draw("rect", { class: "rr-hit", x: -11, y: top - 4, width: 22, height: missing - top + 8 });
    lane.band = draw("rect", { class: "rr-lane-band", x: -8, width: 16 });
    lane.group.replaceChildren(draw("line", { y1: top, y2: bottom }), ...texts, name, lane.band, hit);
    enhanceHit(n, hit);
    enhanceName(n, name);
    showBrush(n);
  }

  const place = (n, x) => dress(lanes[n].group, { transform: `translate(${x} 0)` });

  function arrange() {
    order.forEach((n, at) => place(n, homes[at]));
    const lines = marks.map((mark, m) => {
      const points = order.map((n, at) => `${homes[at]} ${round(10 * shownAt(lanes[n], lanes[n].heights[m])) / 10}`);
      const d = `M${points.join(" ")}`;
      dress(mark, { d });
      return d;
    });
    dress(shadow, { d: lines.join("") });
  }

  function turnOver(n) {
    lanes[n].flipped = !lanes[n].flipped;
    writeLane(n);
    arrange();
  }

  function move(n, to) {
    order.splice(order.indexOf(n), 1);
    order.splice(clamp(to, 0, order.length), 0, n);
    holder.append(...order.map((one) => lanes[one].group));
    arrange();
  }

  function enhanceHit(n, hit) {
    const lane = lanes[n];
    const { stops, group } = lane;
    const heightOf = (event) => shownAt(lane, placeOf(event, hit).y);
    const between = (a, b) => {
      const from = stops.findIndex(({ from }) => from <= max(a, b));
      let to = stops.length - 1;
      while (to >= 0 && stops[to].to < min(a, b)) to--;
      if (from < 0) setBrush(n, 1, 0);
      else setBrush(n, from, to);
    };
    follow(hit, 3, (first) => {
      const start = heightOf(first);
      const { brush } = lane;
      const ends = brush && [edge(lane, brush.from), edge(lane, brush.to + 1)];
      // the far end stays where a near end is taken; inside, the brush moves as a whole
      const taken = ends ? ends.findIndex((end) => abs(end - start) < 7) : -1;
      const whole = ends && taken < 0 && start < ends[0] && start > ends[1];
      first.preventDefault();
      // lines of one pixel are drawn twice as fast
      toggle(svg, "rr-brushed", true);
      group.focus({ preventScroll: true });
      return {
        move(event) {
          const y = heightOf(event);
          if (whole) between(ends[0] + y - start, ends[1] + y - start);
          else between(taken < 0 ? start : ends[1 - taken], y);
        },
        end(how) {
          toggle(svg, "rr-brushed", false);
          if (how === "tap") setBrush(n, null);
        },
      };
    });
  }

  function enhanceName(n, name) {
    follow(name, 8, () => ({
      move: (event) => place(n, clamp(placeOf(event, svg).x, 0, svg.viewBox.baseVal.width)),
      end(how, event) {
        const { x } = placeOf(event, svg);
        if (how === "drag") move(n, homes.reduce((best, home, at) => (abs(home - x) < abs(homes[best] - x) ? at : best), 0));
        else if (how) turnOver(n);
        else arrange();
      },
    }));
  }

  function answer(n, event) {
    const { key, shiftKey } = event;
    const lane = lanes[n];
    const last = lane.stops.length - 1;
    const { from, to } = lane.brush || { from: 0, to: last };
    const [across, down] = ARROWS[key] || [0, { PageUp: -10, PageDown: 10 }[key] || 0];
    if (down) {
      const step = (abs(down) > 1 ? -Math.sign(down) * max(1, round(last / 10)) : -down) * (lane.flipped ? -1 : 1);
      if (shiftKey === lane.flipped) setBrush(n, clamp(from + step, 0, to), to);
      else setBrush(n, from, clamp(to + step, from, last));
    } else if (isDelete(event)) setBrush(n, null);
    else if (/^i$/i.test(key) || isPress(event)) turnOver(n);
    else if (across && shiftKey) {
      move(n, order.indexOf(n) + across);
      lane.group.focus({ preventScroll: true });
    } else return;
    halt(event);
  }

  lanes.forEach((lane, n) => {
    lane.group = draw("g", {
      class: "rr-lane", tabindex: "-1", role: "group", "data-tip": `${lane.label}\n${LANE_HELP}`,
      keydown(event) {
        if (!event.ctrlKey && !event.metaKey && !event.altKey) answer(n, event);
      },
    });
    holder.append(lane.group);
    writeLane(n);
    restore[keyOf(n)] = ([from, to, words]) => {
      const fits = from > to || (to < lane.stops.length && conditionOf(lane, from, to) === words);
      // on a page that was built anew places may be others: the condition still says what was meant
      if (fits) setBrush(n, from, to);
      else setTerm(keyOf(n), { words, test: parseFilter(words, findColumn), state: [from, to, words] });
    };
  });
  arrange();
  rove(holder);
  const key = `order ${chart}`;
  arranged.push(() => {
    const plain = order.every((n, at) => n === at) && !lanes.some(({ flipped }) => flipped);
    return plain ? {} : { [key]: order.map((n) => (lanes[n].flipped ? -n - 1 : n)) };
  });
  restore[key] = (list) =>
    list.forEach((n, at) => {
      const lane = n < 0 ? -n - 1 : n;
      move(lane, at);
      if (n < 0 !== lanes[lane].flipped) turnOver(lane);
    });
}
