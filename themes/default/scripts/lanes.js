/* Parallel coordinates: brush, turn over and reorder the lanes. A brush reaches from the middle of
   one gap between runs to the middle of another, so what it selects is what its words say. */

const LANE_HELP =
  "\u2191 \u2193 move the lower end, with Shift the upper one; Page keys by more; I turns the lane over; " +
  "Shift with \u2190 \u2192 moves it; Delete clears";

function enhanceLanes(svg, figure) {
  const { top, bottom, missing, lanes } = JSON.parse(svg.dataset.lanes);
  const marks = all(svg, ".rr-mark");
  const paths = marks.map((mark) => (mark.getAttribute("d").match(/-?[\d.]+/g) || []).map(Number));
  const homes = lanes.map((lane) => lane.x);
  const order = lanes.map((_, n) => n);
  for (const part of [...svg.children]) if (part.localName === "g" && !part.querySelector(".rr-mark")) part.remove();
  const holder = draw("g", { class: "rr-lanes" });
  svg.append(holder);
  const runsOf = marks.map((mark) => places.get(tokensOf(mark)[0]));
  const gone = (y) => y > bottom + 3;
  lanes.forEach((lane, n) => {
    const seen = new Float64Array(everyRun.length).fill(NaN);
    lane.seen = seen;
    lane.heights = paths.map((numbers, m) => (seen[runsOf[m]] = numbers[2 * n + 1]));
    // places nearer than a quarter of a pixel cannot be told apart; from the bottom up
    lane.stops = [];
    for (const y of [...lane.heights].sort((a, b) => b - a)) {
      const last = lane.stops[lane.stops.length - 1];
      if (last && last.to - y < 0.25) last.to = y;
      else lane.stops.push({ from: y, to: y });
    }
    lane.flipped = false;
    lane.brush = null;
  });

  const valueAt = (lane, y) => {
    const share = (bottom - y) / (bottom - top);
    return lane.log ? lane.low * Math.pow(lane.high / lane.low, share) : lane.low + (lane.high - lane.low) * share;
  };
  const shownAt = (lane, y) => (lane.flipped && !gone(y) ? top + bottom - y : y);

  /** The edge below stop `n`, in the drawing: no run stands there. */
  function edge(lane, n) {
    const [below, above] = [lane.stops[n - 1], lane.stops[n]];
    if (!below || gone(below.from)) return above ? Math.min(above.from + 1, gone(above.from) ? Infinity : bottom + 2) : bottom;
    return above ? (below.to + above.from) / 2 : below.to - 1;
  }

  /** A number between two stops with as few digits as the gap allows. */
  function numberAt(lane, n) {
    const y = edge(lane, n);
    const [below, above] = [lane.stops[n - 1], lane.stops[n]];
    const room = below && above && !gone(below.from) ? (below.to - above.from) / 2 - 0.06 : 0.9;
    const [a, b] = [valueAt(lane, y - room), valueAt(lane, y + room)].sort((c, d) => c - d);
    const value = valueAt(lane, y);
    for (let digits = 1; digits < 17; digits++) {
      const short = Number(value.toPrecision(digits));
      if (short > a && short < b) return short;
    }
    return value;
  }

  /** The brush as a condition of the spec. */
  function conditionOf(lane, { from, to }) {
    const { expression: name, words, stops } = lane;
    const group = /\s/.test(name) && !/^\w+\["[^"]*"\]$/.test(name) ? `(${name})` : name;
    const low = stops.findIndex(({ from }) => !gone(from));
    const [first, lost] = [Math.max(from, low < 0 ? stops.length : low), from < (low < 0 ? stops.length : low)];
    let inside = "";
    if (words) {
      const wordsAt = (n) => words.filter((_, w) => Math.abs(bottom - lane.ticks[w][0] * (bottom - top) - stops[n].from) < 1);
      const list = (a, b) => JSON.stringify(stops.slice(a, b).flatMap((_, n) => wordsAt(a + n)));
      inside = first <= to ? `${group} in ${list(first, to + 1)}` : "";
      // the last place is for many words: all but the others
      if (inside && lane.rest && to === stops.length - 1) return (lost ? "not " : group + " == " + group + " and not ") + group + " in " + list(low, first);
    } else if (first <= to) {
      const ends = [numberAt(lane, first), numberAt(lane, to + 1)].sort((a, b) => a - b);
      inside = `${group} >= ${ends[0]} and ${group} <= ${ends[1]}`;
    }
    if (!lost) return inside || `${group} != ${group}`;
    // no value at all: what no range holds
    const everything = words
      ? `${group} == ${group}`
      : `${group} >= ${Math.min(numberAt(lane, low), numberAt(lane, stops.length))} and ${group} <= ${Math.max(numberAt(lane, low), numberAt(lane, stops.length))}`;
    const nothing = low < 0 ? `not ${group} == ${group}` : `not (${everything})`;
    return inside ? `(${nothing} or ${inside})` : nothing;
  }

  const figureAt = all(document, "svg[data-lanes]").indexOf(svg);

  const keyOf = (n) => `lane ${figureAt} ${n}`;

  /** Select from one stop to another; both null: no brush. */
  function setBrush(n, from, to) {
    const lane = lanes[n];
    const full = from === null || (from <= 0 && to >= lane.stops.length - 1);
    lane.brush = full ? null : { from, to };
    const key = keyOf(n);
    if (full) setTerm(key);
    else {
      const [low, high] = [edge(lane, from), edge(lane, to + 1)];
      const { seen } = lane;
      const condition = from > to ? `no ${lane.expression}` : conditionOf(lane, lane.brush);
      setTerm(key, {
        words: condition,
        test: (run) => from <= to && seen[run] <= low && seen[run] >= high,
        state: [from, to, condition],
        remove: () => setBrush(n, null),
      });
    }
    showBrush(n);
  }

  laneCharts[figureAt] = (n, from, to, words) => {
    setBrush(n, from, to);
    // on a page that was built anew the places may be others: the condition still says what was meant
    if (from <= to && conditionOf(lanes[n], { from, to }) !== words) setTerm(keyOf(n), { words, test: parseFilter(words, findColumn), state: [from, to, words] });
  };

  /* ---- drawing ---- */

  function showBrush(n) {
    const { brush, stops, group, band } = lanes[n];
    band.setAttribute("display", brush ? "inline" : "none");
    let said = "all runs";
    if (brush) {
      const [a, b] = [edge(lanes[n], brush.from), edge(lanes[n], brush.to + 1)].map((y) => shownAt(lanes[n], y));
      dress(band, { y: Math.min(a, b), height: Math.max(Math.abs(a - b), 2) });
      const inside = lanes[n].heights.filter((y) => y <= edge(lanes[n], brush.from) && y >= edge(lanes[n], brush.to + 1)).length;
      const term = terms.get(keyOf(n));
      said = `${term ? term.words : ""}, ${inside} of ${plural(lanes[n].heights.length, "run")}`;
    }
    group.setAttribute("aria-label", `${lanes[n].label}: ${stops.length ? said : "no runs"}`);
  }

  function writeLane(n) {
    const lane = lanes[n];
    const { group } = lane;
    const line = draw("line", { y1: top, y2: bottom });
    const texts = lane.ticks.map(([place, text]) =>
      draw("text", { x: 5, y: shownAt(lane, bottom - place * (bottom - top)) + 4 }, text)
    );
    if (lane.stops.some(({ from }) => gone(from))) texts.push(draw("text", { x: 5, y: missing + 4 }, "missing"));
    const name = draw("g", { class: "rr-lane-name" });
    lane.name.forEach((part, row) => name.append(draw("text", { y: top - 36 + 15 * row }, part)));
    const turn = draw("text", { y: top - 9, class: "rr-turn" }, lane.flipped ? "\u25bc" : "\u25b2");
    name.append(draw("rect", { x: -30, y: top - 52, width: 60, height: 50, fill: "transparent" }), turn);
    const hit = draw("rect", { class: "rr-hit", x: -11, y: top - 4, width: 22, height: bottom - top + 8 + (missing - bottom) });
    lane.band = draw("rect", { class: "rr-lane-band", x: -8, width: 16 });
    group.replaceChildren(line, ...texts, name, lane.band, hit);
    enhanceHit(n, hit);
    enhanceName(n, name);
    showBrush(n);
  }

  function arrange() {
    order.forEach((n, at) => lanes[n].group.setAttribute("transform", `translate(${homes[at]} 0)`));
    marks.forEach((mark, m) => {
      const points = order.map((n, at) => `${homes[at]} ${Math.round(10 * shownAt(lanes[n], lanes[n].heights[m])) / 10}`);
      mark.setAttribute("d", "M" + points.join(" "));
    });
  }

  function turnOver(n) {
    lanes[n].flipped = !lanes[n].flipped;
    writeLane(n);
    arrange();
  }

  function move(n, to) {
    const at = order.indexOf(n);
    order.splice(at, 1);
    order.splice(clamp(to, 0, order.length), 0, n);
    holder.append(...order.map((one) => lanes[one].group));
    arrange();
  }

  function enhanceHit(n, hit) {
    const lane = lanes[n];
    const height = (event) => {
      const y = new DOMPoint(event.clientX, event.clientY).matrixTransform(hit.getScreenCTM().inverse()).y;
      return shownAt(lane, y);
    };
    let start = null;
    const between = (a, b) => {
      const [low, high] = [Math.max(a, b), Math.min(a, b)];
      const from = lane.stops.findIndex(({ from }) => from <= low);
      let to = lane.stops.length - 1;
      while (to >= 0 && lane.stops[to].to < high) to--;
      setBrush(n, from < 0 ? 1 : from, from < 0 ? 0 : to);
    };
    dress(hit, {
      pointerdown(event) {
        if (event.button) return;
        const y = height(event);
        const { brush } = lane;
        const ends = brush && [edge(lane, brush.from), edge(lane, brush.to + 1)];
        // the far end stays where a near end is taken; inside, the brush moves as a whole
        const near = ends ? ends.findIndex((end) => Math.abs(end - y) < 7) : -1;
        start = { y, moved: false, fixed: near < 0 ? y : ends[1 - near], whole: ends && near < 0 && y < ends[0] && y > ends[1] ? ends : null };
        hit.setPointerCapture(event.pointerId);
        event.preventDefault();
        group.focus({ preventScroll: true });
      },
      pointermove(event) {
        if (!start) return;
        const y = height(event);
        if (!start.moved && Math.abs(y - start.y) < 3) return;
        start.moved = true;
        hideTip();
        if (start.whole) between(start.whole[0] + y - start.y, start.whole[1] + y - start.y);
        else between(start.fixed, y);
      },
      pointerup() {
        if (start && !start.moved) setBrush(n, null);
        start = null;
      },
      pointercancel() {
        start = null;
      },
    });
    const { group } = lane;
  }

  function enhanceName(n, name) {
    let start = null;
    const place = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse()).x;
    dress(name, {
      pointerdown(event) {
        if (event.button) return;
        start = { x: place(event), moved: false };
        name.setPointerCapture(event.pointerId);
      },
      pointermove(event) {
        if (!start || Math.abs(place(event) - start.x) < 8) return;
        start.moved = true;
        lanes[n].group.setAttribute("transform", `translate(${clamp(place(event), 0, svg.viewBox.baseVal.width)} 0)`);
      },
      pointerup(event) {
        if (!start) return;
        const x = place(event);
        if (start.moved) move(n, homes.reduce((best, home, at) => (Math.abs(home - x) < Math.abs(homes[best] - x) ? at : best), 0));
        else turnOver(n);
        start = null;
      },
      pointercancel() {
        start = null;
        arrange();
      },
    });
  }

  function key(n, event) {
    const lane = lanes[n];
    const last = lane.stops.length - 1;
    const now = lane.brush || { from: 0, to: last };
    const up = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (up) {
      const step = (Math.abs(up) > 1 ? Math.sign(up) * Math.max(1, Math.round(last / 10)) : up) * (lane.flipped ? -1 : 1);
      const lower = event.shiftKey === lane.flipped;
      if (lower) setBrush(n, clamp(now.from + step, 0, now.to), now.to);
      else setBrush(n, now.from, clamp(now.to + step, now.from, last));
    } else if (event.key === "Delete" || event.key === "Backspace") setBrush(n, null);
    else if (/^i$/i.test(event.key) || event.key === "Enter" || event.key === " ") turnOver(n);
    else if (across && event.shiftKey) {
      move(n, order.indexOf(n) + across);
      lane.group.focus({ preventScroll: true });
    } else return false;
    return true;
  }

  lanes.forEach((lane, n) => {
    lane.group = draw("g", {
      class: "rr-lane", tabindex: "-1", role: "group", "data-tip": `${lane.label}\n${LANE_HELP}`, keydown(event) {
        if (event.ctrlKey || event.metaKey || event.altKey || !key(n, event)) return;
        event.preventDefault();
        event.stopPropagation();
      },
    });
    holder.append(lane.group);
    writeLane(n);
  });
  arrange();
  rove(holder);
  arranged.push(() => {
    const plain = order.every((n, at) => n === at) && !lanes.some((lane) => lane.flipped);
    return plain ? {} : { [`order ${figureAt}`]: order.map((n) => (lanes[n].flipped ? -n - 1 : n)) };
  });
  orders[figureAt] = (list) => {
    list.forEach((n, at) => {
      const lane = n < 0 ? -n - 1 : n;
      move(lane, at);
      if (n < 0 !== lanes[lane].flipped) turnOver(lane);
    });
  };
}

const laneCharts = [];
const orders = [];
restore.lane = ([from, to, words], figure, n) => laneCharts[figure](n, from, to, words);
restore.order = (list, figure) => orders[figure](list);
