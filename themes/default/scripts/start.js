/* Figures and references get their controls; then the page listens. */

const planes = new WeakMap();
let legends = 0;

function enhanceFigure(figure) {
  const caption = tidy((one(figure, ".rr-caption") || figure).textContent).slice(0, 80);
  for (const svg of all(figure, "svg.rr-chart")) {
    nameWithoutTitle(svg);
    const marks = all(svg, ".rr-mark[tabindex]");
    const tools = make("div", { class: "rr-tools rr-chart-tools" });
    // a picture's parts are not reachable by assistive technology, a group's are
    if (marks.length) dress(svg, { role: "group" });
    for (const mark of marks) {
      dress(mark, { role: "button", "aria-pressed": "false", "aria-label": tidy(mark.dataset.tip || "") });
    }
    rove(svg);
    const plane = svg.dataset.box ? readPlane(svg) : null;
    const isPlane = plane !== null && plane.curves.length + plane.points.length > 0;
    if (isPlane) {
      planes.set(svg, plane);
      toggle(svg, "rr-plane", true);
      enhanceZoom(plane, tools);
    }
    if (svg.dataset.lanes) enhanceLanes(svg);
    else enhanceRegions(svg, tools, caption, isPlane ? plane : null);
    tools.append(saveMenu(svg, caption));
    svg.parentNode.before(tools);
  }
  for (const item of all(figure, ".rr-legend > li[data-run]")) enhanceEntry(item, `off ${legends++}`);
}

/** An entry pins its runs; its swatch takes them out of the selection. */
function enhanceEntry(item, key) {
  const words = textOf(item);
  const swatch = one(item, ".rr-swatch");
  const entry = button("", () => {}, { class: "rr-key", "aria-pressed": "false" });
  entry.append(...[...item.childNodes].filter((node) => node !== swatch));
  item.append(entry);
  if (!swatch || everyRun.length < 2) return;
  const runs = new Set(idsOf(item));
  const set = (off) => {
    dress(eye, { "aria-pressed": !off });
    setTerm(key, off && { words: `without ${words}`, test: (n) => !runs.has(n), state: 1, remove: () => set(false) });
  };
  const eye = button("", () => set(attribute(eye, "aria-pressed") === "true"), { class: "rr-eye", "aria-pressed": "true", "aria-label": `Show ${words}` });
  eye.append(swatch);
  item.prepend(eye);
  restore[key] = () => set(true);
}

/** Browsers show a title as a read-out of their own, over ours. */
function nameWithoutTitle(svg) {
  const [title, description] = ["title", "desc"].map((name) => one(svg, `:scope > ${name}`));
  if (!title) return;
  dress(svg, { "aria-label": title.textContent }).removeAttribute("aria-labelledby");
  if (description && description.id) dress(svg, { "aria-describedby": description.id });
  title.remove();
}

function enhanceReference(reference) {
  if (reference.closest("tr[data-run], li[data-run], a, button")) return;
  dress(reference, { role: "button", tabindex: "0", "aria-pressed": "false" });
}

function listen() {
  const point = (event) => {
    if (event.pointerType === "mouse" && event.buttons) return;
    const svg = near(event, "svg.rr-plane");
    const mark = near(event, ".rr-mark[data-tip]");
    const plane = svg && planes.get(svg);
    const own = mark && !(plane && plane.curves.includes(mark));
    if (own) {
      if (plane) hair(plane, null);
      showTip(tipLines(mark), event.clientX, event.clientY, 0);
      hover(tokensOf(mark));
    } else if (!(plane && readOut(plane, event))) {
      const element = near(event, "[data-run]");
      const titled = near(event, "[data-tip]:not(.rr-lane)");
      if (titled) showTip(tipLines(titled), event.clientX, event.clientY, 0);
      else hideTip();
      hover(element ? tokensOf(element) : []);
    }
  };
  on(document, "pointermove", point);
  // a tap does not move
  on(document, "pointerdown", point);
  on(root, "pointerleave", (event) => {
    if (event.pointerType !== "mouse") return;
    hideTip();
    hover([]);
  });
  on(document, "scroll", () => (anchor ? tipAt(anchor) : hideTip()), { capture: true, passive: true });

  on(document, "focusin", (event) => {
    const element = near(event, "[data-run], [data-tip]");
    if (!element || !event.target.matches(":focus-visible")) return;
    if (element.dataset.tip) {
      tipAt(element);
      dress(event.target, { "aria-describedby": "rr-tip" });
    }
    hover(tokensOf(element));
  });
  on(document, "focusout", (event) => {
    if (!near(event, "[data-run], [data-tip]")) return;
    event.target.removeAttribute("aria-describedby");
    hideTip();
    hover([]);
  });

  on(document, "click", (event) => {
    closeMenus(near(event, "details.rr-menu"));
    const element = near(event, "[data-run]");
    const svg = near(event, "svg.rr-plane");
    if (dragged) return;
    const control = near(event, "a, button, input, select, textarea, summary, label");
    if (control && !control.matches(".rr-key")) return;
    if (element) {
      const selection = window.getSelection();
      if (element.matches("tr") && selection && !selection.isCollapsed) return;
      pin(tokensOf(element));
    } else if (svg && event.detail && !tip.hidden && hovered.length) pin(hovered);
  });

  on(document, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      const open = near(event, "details.rr-menu[open]");
      hideTip();
      closeMenus();
      if (open) one(open, "summary").focus();
      else if (pinned.size || hovered.length) unpin();
      return;
    }
    const item = event.target instanceof Element && event.target.matches(`${MEMBERS}, .rr-run[role=button]`) ? event.target : null;
    if (!item) return;
    const plane = item.ownerSVGElement && planes.get(item.closest("svg.rr-plane"));
    if (item.matches(".rr-mark, tr, .rr-run") && isPress(event)) pin(tokensOf(item));
    else if (!(plane && zoomByKey(plane, item, event))) {
      if (!item.matches(MEMBERS) || !(event.key in ARROWS || event.key === "Home" || event.key === "End")) return;
      moveFocus(item, event.key);
    }
    halt(event);
  });

  on(window, "hashchange", openLink);

  let opened = [];
  on(window, "beforeprint", () => {
    opened = everywhere("details:not([open]):not(.rr-menu)");
    for (const details of opened) details.open = true;
  });
  on(window, "afterprint", () => {
    for (const details of opened) details.open = false;
    opened = [];
  });
}

function start() {
  readData();
  for (const figure of everywhere("[data-rr-figure]")) enhanceFigure(figure);
  for (const box of everywhere("[data-rr-table]")) enhanceTable(box);
  for (const reference of everywhere("span.rr-run[data-run]")) enhanceReference(reference);
  document.body.append(tip, bar);
  buildPanel();
  listen();
  openLink();
  toggle(root, "rr-ready", true);
}
