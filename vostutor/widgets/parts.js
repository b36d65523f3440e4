// Small things that every widget uses. Plain functions; a widget's own file is appended to this one, so nothing is imported.

function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function makeSvg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function svgLine(x1, y1, x2, y2, look = {}) {
  return makeSvg("line", { x1, y1, x2, y2, ...look });
}

function svgText(words, x, y, anchor = "middle", look = {}) {
  return makeSvg("text", { x, y, "text-anchor": anchor, ...look }, words);
}

function fill(node, attributes, children = []) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// A button with a drawn icon (an SVG path in a 16 x 16 box) or a word; the label is what a screen reader says.
function makeButton(label, face, action) {
  const box = { width: 16, height: 16, viewBox: "0 0 16 16", "aria-hidden": "true" };
  const inside = face.startsWith("M") ? makeSvg("svg", box, makeSvg("path", { d: face, fill: "currentColor" })) : face;
  const node = make("button", { type: "button", "aria-label": label, title: label }, inside);
  node.addEventListener("click", action);
  return node;
}

function makeRange(label, options, value, action) {
  const input = make("input", { type: "range", ...options });
  input.value = value;
  input.addEventListener("input", () => action(Number(input.value)));
  return [make("label", {}, label, input), input];
}

// The line under the frames: a slider by its role, whose knob is the current frame, or whatever else the places stand for.
function makeTimeSlider(frames, svg, label = "frame") {
  const role = { role: "slider", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": frames - 1 };
  return make("div", { class: "vos-line", tabindex: 0, ...role }, svg);
}

// The dashes of a line in widths of itself, as the table in viz/colours.py has them; a dot is a round cap.
function dashed(dash, width) {
  if (!dash[1]) return { "stroke-width": width };
  const cap = dash[0] < 1 ? "round" : "butt";
  return { "stroke-width": width, "stroke-dasharray": dash.map((d) => d * width).join(" "), "stroke-linecap": cap };
}

// A key that means something here does not reach the notebook's own shortcuts, which listen further up; all others do.
// A button keeps its space bar and a slider its arrows.
function listenToKeys(node, actions) {
  node.addEventListener("keydown", (event) => {
    const action = actions[event.key];
    const busy = event.target.tagName === "INPUT" || (event.target.tagName === "BUTTON" && event.key === " ");
    if (!action || busy || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    action(event);
  });
}

// A drag that goes on outside the node: the pointer is captured. `move` gets the event and what it returned at the start.
function listenToDrag(node, move) {
  let start = null;
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    node.setPointerCapture(event.pointerId);
    node.focus({ preventScroll: true });
    event.preventDefault();
    start = move(event, null);
  });
  node.addEventListener("pointermove", (event) => start !== null && move(event, start));
  for (const end of ["pointerup", "pointercancel"]) node.addEventListener(end, () => (start = null));
}

// Where the pointer is, in shares of the node's width and height.
function shareOf(event, node) {
  const box = node.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

// Set and send; the kernel, and every other view of this model, hears of it.
function tell(model, changes) {
  for (const [name, value] of Object.entries(changes)) model.set(name, value);
  model.save_changes();
}

// Calls `react` whenever one of the names changes; returns what a view calls when it goes.
function watch(model, names, react) {
  for (const name of names) model.on(`change:${name}`, react);
  return () => names.forEach((name) => model.off(`change:${name}`, react));
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

// 0.912 as .91, -0.5 as −.50, a missing value as a dash.
function short(value, digits = 2) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  return value.toFixed(digits).replace(/^(-?)0\./, "$1.").replace("-", "−");
}
