// The J/F explorer. Reading order: what is known, the two panels, the numbers, the curve with its decay, controls, render.
// With the package's own functions the page answers at once (jf_twin.js); with a student's, the kernel is asked.
const PATIENCE = 700;  // ms that a kernel has before the page's own numbers are shown, and said to be so
const TRUTH = [86, 180, 233], GUESS = [230, 159, 0], HIT = "#009e73", MISS = "#d55e00", GROUND = "#f7f7f5";

// ---- what is known at this moment, and how to change it
function makeKnowledge(model, redraw) {
  let asked = 0, timer = 0;
  const box = () => model.get("boxes")[model.get("frame")];
  const fits = (answer) => String([answer.state, answer.boxes]) === String([box(), model.get("radius"), model.get("boxes")]);

  function now() {
    const answer = model.get("answer");
    if (!model.get("own").length) return { ...ownNumbers(), by: "package" };
    if (fits(answer)) return { ...answer, flags: new Uint8Array(answer.flags.buffer, answer.flags.byteOffset), by: "you" };
    return { ...ownNumbers(), by: performance.now() - asked < PATIENCE ? "waiting" : "page" };
  }
  function ownNumbers() {
    const truth = model.get("truth"), seen = twinExplore(truth, box(), model.get("radius"), model.get("limits").world);
    const curve = model.get("boxes").map((other) => twinJaccard(truth, other));
    return { ...seen, curve, summary: twinSummary(curve), notes: [] };
  }
  function ask(changes) {
    asked = performance.now();
    clearTimeout(timer);
    if (model.get("own").length) timer = setTimeout(redraw, PATIENCE + 20);
    tell(model, changes);
  }
  function put([row, column, side]) {
    const { world, sizes } = model.get("limits"), size = clamp(side, sizes[0], sizes[1]), boxes = model.get("boxes").slice();
    boxes[model.get("frame")] = [clamp(row, 0, world - size), clamp(column, 0, world - size), size];
    ask({ boxes });
  }
  const move = (rows, columns, more = 0) => {
    const [row, column, size] = box();
    put([row + rows - more, column + columns - more, size + 2 * more]);
  };
  const turn = (frame) => ask({ frame: clamp(frame, 0, model.get("boxes").length - 1) });
  return { now, ask, move, put, turn, box, stop: () => clearTimeout(timer) };
}

// ---- a panel: both squares, one boundary, the other one's band
function makePanel(model, known, title, edgeBit, bandBit, bandColour) {
  const world = model.get("limits").world, cell = 12;
  const label = `${title}. Arrow keys move the predicted square, plus and minus grow and shrink it.`;
  const look = { class: "vos-world", tabindex: 0, role: "application", "aria-label": label };
  const canvas = make("canvas", { width: world * cell, height: world * cell, ...look });
  const legend = make("figcaption"), pen = canvas.getContext("2d");
  listenToDrag(canvas, (event, start) => {
    const [x, y] = shareOf(event, canvas).map((share) => share * world);
    if (start === null) return { x, y, box: known.box() };
    const [row, column, size] = start.box;
    known.put([row + Math.round(y - start.y), column + Math.round(x - start.x), size]);
  });
  function draw({ flags }) {
    const tint = (bit, colour, alpha) => {
      pen.fillStyle = `rgba(${colour},${alpha})`;
      flags.forEach((f, i) => f & bit && pen.fillRect((i % world) * cell, Math.floor(i / world) * cell, cell, cell));
    };
    pen.fillStyle = GROUND;  // light in a dark theme too: the tints and marks are chosen for it
    pen.fillRect(0, 0, canvas.width, canvas.height);
    tint(BIT.gt, TRUTH, 0.3);
    tint(BIT.pred, GUESS, 0.3);
    tint(bandBit, bandColour, 0.7);
    let hits = 0, misses = 0;
    flags.forEach((f, i) => {
      if (!(f & edgeBit)) return;
      f & bandBit ? hits++ : misses++;
      (f & bandBit ? drawDot : drawCross)(pen, ((i % world) + 0.5) * cell, (Math.floor(i / world) + 0.5) * cell, cell);
    });
    nameBox(pen, model.get("truth"), "truth", true, cell);
    nameBox(pen, known.box(), "prediction", false, cell);
    legend.replaceChildren(sample(drawDot), `in the band: ${hits}`, sample(drawCross), `outside: ${misses}`);
  }
  return { node: make("figure", {}, make("figcaption", {}, make("b", {}, title)), canvas, legend), draw };
}

// The squares have names, so that nobody has to tell them by colour.
function nameBox(pen, [row, column, size], name, above, cell) {
  const x = above ? column * cell : Math.max(column + size, 10) * cell;
  const y = clamp(above ? row - 2.6 : row + size + 2.6, 1.2, pen.canvas.height / cell - 1.2) * cell;
  pen.font = `600 ${1.9 * cell}px system-ui, sans-serif`;
  pen.textAlign = above ? "left" : "right";
  pen.textBaseline = "middle";
  pen.lineWidth = 5;
  pen.strokeStyle = GROUND;
  pen.strokeText(name, x, y);
  pen.fillStyle = "#222";
  pen.fillText(name, x, y);
}

function drawDot(pen, x, y, cell) {
  pen.fillStyle = HIT;
  pen.beginPath();
  pen.arc(x, y, 0.36 * cell, 0, 7);
  pen.fill();
}

function drawCross(pen, x, y, cell) {
  const r = 0.36 * cell;
  pen.strokeStyle = MISS;
  pen.lineWidth = cell / 4.5;
  pen.beginPath();
  pen.moveTo(x - r, y - r); pen.lineTo(x + r, y + r); pen.moveTo(x - r, y + r); pen.lineTo(x + r, y - r);
  pen.stroke();
}

function sample(drawMark) {
  const canvas = make("canvas", { width: 24, height: 24, class: "vos-mark", "aria-hidden": "true" });
  drawMark(canvas.getContext("2d"), 12, 12, 24);
  return canvas;
}

// ---- the numbers, each with the pixels behind it
function makeNumbers() {
  const parts = {}, node = make("div", { class: "vos-numbers" });
  for (const name of ["J", "precision", "recall", "F"]) {
    const bar = make("i"), value = make("b"), sum = make("small"), meter = make("div", { class: "vos-meter" }, bar);
    parts[name] = { bar, value, sum };
    node.append(make("div", { class: "vos-number" }, name, value, sum, meter));
  }
  function draw({ numbers: { J, P, R, F }, counts: c, by }) {
    const rows = {
      J: [J, `${c.intersection} / ${c.union} px, overlap / union`],
      precision: [P, `${c.pred_hit} / ${c.pred_all} px of the prediction`],
      recall: [R, `${c.gt_hit} / ${c.gt_all} px of the truth`],
      F: [F, "2PR / (P + R)"],
    };
    for (const [name, [value, sum]] of Object.entries(rows)) {
      parts[name].value.textContent = short(value, 3);
      parts[name].sum.textContent = sum;
      parts[name].bar.style.width = `${100 * clamp(value ?? 0, 0, 1)}%`;
    }
    node.classList.toggle("vos-waiting", by === "waiting");
  }
  return { node, draw };
}

// ---- controls
function makeControls(model, known) {
  const [min, max] = model.get("limits").radii, reading = make("span", { class: "vos-value" });
  const [radii, slider] = makeRange("band", { min, max, step: 1 }, model.get("radius"), (radius) => known.ask({ radius }));
  const smaller = makeButton("shrink by a pixel on every side", "−", () => known.move(0, 0, -1));
  const larger = makeButton("grow by a pixel on every side", "+", () => known.move(0, 0, 1));
  const place = make("span", { class: "vos-clock" });
  radii.append(reading);
  const node = make("div", { class: "vos-controls" }, radii, make("div", { class: "vos-buttons" }, smaller, larger), place);
  const presets = Object.entries(model.get("presets")).map(([name, boxes]) => {
    const choose = () => known.ask({ boxes: boxes.map((box) => box.slice()) });
    return [makeButton(`prediction: ${name}`, name, choose), String(boxes)];
  });
  const forAll = make("div", { class: "vos-controls", role: "group", "aria-label": "a prediction for all frames" }, "all frames:");
  forAll.append(make("div", { class: "vos-buttons" }, ...presets.map(([button]) => button)));
  function draw() {
    const [row, column, side] = known.box(), [top, left, full] = model.get("truth");
    const grown = (side - full) / 2, down = row - top + grown, across = column - left + grown;
    slider.value = model.get("radius");
    reading.textContent = `r = ${model.get("radius")} px`;
    place.textContent = `shifted by (${across}, ${down}) px, grown by ${grown} px`;
    for (const [button, boxes] of presets) button.setAttribute("aria-pressed", String(String(model.get("boxes")) === boxes));
  }
  return { node, forAll, draw };
}

function render({ model, el }) {
  const known = makeKnowledge(model, () => draw());
  const precision = "Precision: the prediction's boundary, the truth's band";
  const recall = "Recall: the truth's boundary, the prediction's band";
  const panels = [
    makePanel(model, known, precision, BIT.predBoundary, BIT.gtBand, TRUTH),
    makePanel(model, known, recall, BIT.gtBoundary, BIT.predBand, GUESS),
  ];
  const numbers = makeNumbers(), curve = makeCurve(model, known.turn), controls = makeControls(model, known);
  const notes = make("div", { class: "vos-notes", "aria-live": "polite" });
  const root = make("div", { class: "vos vos-explorer", role: "group", "aria-label": "J and F explorer" });
  root.append(make("div", { class: "vos-two" }, ...panels.map((panel) => panel.node)));
  root.append(controls.node, numbers.node, controls.forAll, curve.node, notes);
  const step = (frames) => known.turn(model.get("frame") + frames);
  const sideways = (event, by) => (event.target === curve.node ? step(by) : known.move(0, by));
  listenToKeys(root, {
    ArrowLeft: (event) => sideways(event, -1), ArrowRight: (event) => sideways(event, 1),
    ArrowUp: () => known.move(-1, 0), ArrowDown: () => known.move(1, 0),
    "+": () => known.move(0, 0, 1), "=": () => known.move(0, 0, 1), "-": () => known.move(0, 0, -1),
    PageUp: () => step(-1), PageDown: () => step(1), Home: () => known.turn(0), End: () => known.turn(Infinity),
  });
  let shown = null;
  function draw() {
    const news = known.now();
    // A student's last numbers stay, dimmed, until the new ones come.
    shown = news.by === "waiting" && shown ? { ...shown, by: "waiting" } : news;
    for (const part of [...panels, numbers, curve]) part.draw(shown);
    controls.draw();
    notes.replaceChildren(...describe(shown, model.get("own")));
  }
  el.append(root);
  draw();
  const stop = watch(model, ["boxes", "frame", "radius", "answer"], draw);
  return () => { stop(); known.stop(); };
}

function describe({ by, notes, numbers, counts }, own) {
  if (by === "page") return ["No kernel answers: these are the page's own numbers, not those of your functions."];
  if (!own.length) return ["Drag the orange prediction over the blue truth, or use the arrow keys, + and −."];
  const said = [`Computed by your ${own.join(", ")}.`, ...notes.map((note) => make("em", {}, ` ${note}`))];
  const counted = counts.union ? counts.intersection / counts.union : 1;
  const differs = own.includes("jaccard") && numbers.J !== null && Math.abs(numbers.J - counted) > 1e-4;
  return differs ? [...said, make("em", {}, ` Counting the pixels gives J = ${short(counted, 3)}.`)] : said;
}

export default { render };
