// The correlation probe. Reading order: what is known, the two frames, the window, the wheel, numbers and words, controls, render.
// The scores come from the kernel; where none answers, those of the nearest stored place are shown, and said to be so.
const PATIENCE = 900;  // ms that a kernel has: a new radius asks the student's function for a whole volume
const FINDS = { peak: "a sharp peak that is right", ridge: "a ridge", outside: "a match outside the window" };

// ---- what is known at this moment, and how to change it
function makeKnowledge(model, redraw) {
  let asked = 0, timer = 0;
  const flow = openFlow(model), stride = model.get("stride"), size = model.get("size"), cells = model.get("cells");
  const state = () => [...model.get("pixel"), model.get("radius"), model.get("step")];
  const placeAt = (x, y, radius, step) => ({ x, y, radius, step, reach: Math.floor(radius / step) });

  function now() {
    const answer = model.get("answer"), [x, y, radius, step] = state();
    if (String(answer.state) === String(state())) {
      const view = answer.scores, floats = new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
      return read(placeAt(x, y, radius, step), [...floats], { by: "kernel", notes: answer.notes });
    }
    const { scores, cell } = takeStored(model.get("stored"), cellOf(x, y, stride, cells), radius, step);
    const [row, column] = cell, middle = stride >> 1;
    const near = flow.snap(Math.min(column * stride + middle, size[1] - 1), Math.min(row * stride + middle, size[0] - 1));
    const by = performance.now() - asked < PATIENCE ? "waiting" : "page";
    return read(placeAt(...near, radius, step), scores, { by, notes: [] });
  }
  function read(place, scores, more) {
    const truth = flow.of(place.x, place.y), hidden = flow.hidden(place.x, place.y);
    return { place, at: [place.x, place.y], scores, truth, ...readSlice(scores, place, truth, hidden, size, stride), ...more };
  }
  function ask(changes) {
    asked = performance.now();
    clearTimeout(timer);
    timer = setTimeout(redraw, PATIENCE + 20);
    tell(model, changes);
  }
  const put = (x, y) => ask({ pixel: flow.snap(clamp(Math.floor(x), 0, size[1] - 1), clamp(Math.floor(y), 0, size[0] - 1)) });
  const move = (dx, dy, event) => {
    const by = event.shiftKey ? flow.every : Math.max(stride, flow.every), [x, y] = model.get("pixel");
    put(x + dx * by, y + dy * by);
  };
  return { now, ask, put, move, flow, stride, size, cells, stop: () => clearTimeout(timer) };
}

// ---- the two frames, drawn large enough for marks to be sharp
function makeFrame(model, index, title, attributes) {
  const [height, width] = model.get("size"), zoom = Math.max(1, Math.round(960 / width));
  const canvas = make("canvas", { width: width * zoom, height: height * zoom, ...attributes }), pen = canvas.getContext("2d");
  const image = Object.assign(new Image(), { src: model.get("images")[index] }), caption = make("figcaption", {}, make("b", {}, title));
  const clear = (pale) => {
    pen.imageSmoothingEnabled = true;
    if (image.complete) pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    pen.fillStyle = `rgba(255,255,255,${pale})`;
    pen.fillRect(0, 0, canvas.width, canvas.height);
  };
  const at = (x, y) => [(x + 0.5) * zoom, (y + 0.5) * zoom];  // the middle of a pixel
  return { node: make("figure", {}, caption, canvas), canvas, pen, zoom, clear, at, image, unit: canvas.width / 240 };
}

function makeFirst(model, known) {
  const label = "Frame 1. Arrow keys move the pixel by a cell, with shift by a pixel; home goes to the middle.";
  const frame = makeFrame(model, 0, "frame 1: click, drag or use the arrow keys", { class: "vos-aim", tabindex: 0, role: "application", "aria-label": label });
  const { canvas, pen, zoom } = frame, veil = document.createElement("canvas");
  listenToDrag(canvas, (event) => {
    const [x, y] = shareOf(event, canvas);
    known.put(x * known.size[1], y * known.size[0]);
    return true;
  });
  function draw({ at }, picked) {
    frame.clear(0);
    if (picked) drawVeil(picked);
    markPixel(pen, frame.at(...at), 2.2 * frame.unit);
    canvas.setAttribute("aria-description", `at (${at})`);
  }
  // What was not picked goes dark.
  function drawVeil(picked) {
    const { rows, columns, every } = known.flow;
    fill(veil, { width: columns, height: rows });
    const brush = veil.getContext("2d"), picture = brush.createImageData(columns, rows);
    picked.forEach((on, i) => (picture.data[4 * i + 3] = on ? 0 : 175));
    brush.putImageData(picture, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(veil, 0, 0, columns * every * zoom, rows * every * zoom);
  }
  return { ...frame, draw };
}

function makeSecond(model, known) {
  const frame = makeFrame(model, 1, "frame 2: how well it fits, in place", { role: "img" }), { canvas, pen, zoom, unit } = frame;
  const wide = known.stride * zoom;
  function draw({ place, scores, best, truth }, words) {
    frame.clear(0.4);
    const [row, column] = cellOf(place.x, place.y, known.stride, known.cells), far = (place.reach * place.step + 0.5) * wide;
    const middle = [(column + 0.5) * wide, (row + 0.5) * wide], own = frame.at(place.x, place.y);
    drawScores(pen, scores, middle, place.step * wide, wide, (share) => 0.55 + 0.4 * share);
    drawFrame(pen, middle[0] - far, middle[1] - far, 2 * far, 2 * far, unit);
    const along = (by) => [own[0] + by[0] * zoom, own[1] + by[1] * zoom];
    if (best) drawArrow(pen, own, along(best.map((n) => n * known.stride)), BEST, unit, markBest);
    if (truth) drawArrow(pen, own, along(truth), TRUE, unit, markTrue);
    markPixel(pen, own, 1.5 * unit);
    canvas.setAttribute("aria-label", `Frame 2 with the scores of pixel (${place.x}, ${place.y}). ${words}`);
  }
  return { ...frame, draw };
}

// ---- the window in the large, with the scale of its tints
function makeWindow(known) {
  const left = 6, top = 6, room = 430, canvas = make("canvas", { width: room + 112, height: room + 42, role: "img" });
  const pen = canvas.getContext("2d"), node = make("figure", { class: "vos-window" }, make("figcaption", {}, make("b", {}, "the window")), canvas);
  function draw({ place, scores, best, truth }, words) {
    const n = 2 * place.reach + 1, cell = room / n, apart = place.step * known.stride, middle = [left + room / 2, top + room / 2];
    const at = ([x, y]) => [middle[0] + (x / apart) * cell, middle[1] + (y / apart) * cell];
    pen.clearRect(0, 0, canvas.width, canvas.height);
    drawScores(pen, scores, middle, cell, cell, () => 1);
    const ink = getComputedStyle(node).color;
    drawFrame(pen, left, top, room, room, 2);
    drawScale(shareIn(scores), ink);
    write(`${short(-place.reach * apart, 0)}`, left + cell / 2, top + room + 28, "center", ink);
    write(`+${place.reach * apart} px`, left + room - cell / 2, top + room + 28, "center", ink);
    write("0", middle[0], top + room + 28, "center", ink);
    markPixel(pen, middle, 9);
    if (best) markBest(pen, at(best.map((k) => k * known.stride)), 10);
    if (truth) showTruth(at(truth), middle);
    canvas.setAttribute("aria-label", `The window in the large: ${n} by ${n} scores. ${words}`);
  }
  // A truth beyond the window: an arrow at the rim points to where it lies.
  function showTruth([x, y], middle) {
    const low = [left + 8, top + 8], high = [left + room - 8, top + room - 8];
    const beyond = [x, y].some((v, k) => v < low[k] - 8 || v > high[k] + 8);
    if (!beyond) return markTrue(pen, [x, y], 10);
    const share = Math.min(...[x, y].map((v, k) => (v > middle[k] ? (high[k] - middle[k]) / (v - middle[k]) : v < middle[k] ? (low[k] - middle[k]) / (v - middle[k]) : Infinity)));
    const end = [x, y].map((v, k) => middle[k] + share * (v - middle[k]));
    drawArrow(pen, middle, end, TRUE, 3.2, (p, tip, r) => drawTip(p, middle, tip, 2 * r));
  }
  function drawTip(p, from, tip, r) {
    const turn = Math.atan2(tip[1] - from[1], tip[0] - from[0]);
    p.beginPath();
    for (const by of [0, 2.5, -2.5]) p.lineTo(tip[0] + r * Math.cos(turn + by), tip[1] + r * Math.sin(turn + by));
    p.closePath();
    rimmed(p, TRUE.colour, RIM, 2.5);
  }
  function drawScale({ low, high }, ink) {
    const x = left + room + 18;
    if (!Number.isFinite(low)) return;
    for (let k = 0; k < room; k++) {
      pen.fillStyle = `rgb(${viridis(1 - k / (room - 1))})`;
      pen.fillRect(x, top + k, 16, 1.5);
    }
    write(short(high), x + 22, top + 18, "left", ink);
    write(short(low), x + 22, top + room, "left", ink);
    write("score", x + 22, top + room / 2 + 6, "left", ink);
  }
  function write(words, x, y, align, ink) {
    pen.font = "22px system-ui, sans-serif";
    pen.textAlign = align;
    pen.fillStyle = ink;
    pen.fillText(words, x, y);
  }
  return { node, draw };
}

// ---- the colour wheel: legend of the flow, and read backwards a picker of pixels
function makeWheel(model, known) {
  const max = model.get("max_flow"), node = make("figure", { class: "vos-flow" }), told = make("div", { class: "vos-dim", role: "status" });
  if (!max) return { node, draw: () => null };
  const [flowImage, wheelImage] = model.get("legends").map((src) => Object.assign(new Image(), { src }));
  flowImage.alt = "the true flow of frame 1 in the colours of the wheel";
  const side = 320, reach = ((side - 1) / 2) * 0.94, tolerance = Math.max(0.5, max / 12);
  const label = "Colour wheel. A click or the arrow keys pick a motion and show the pixels of frame 1 that move like that; escape ends it.";
  const canvas = make("canvas", { width: side, height: side, class: "vos-wheel", tabindex: 0, role: "application", "aria-label": label });
  const clear = makeButton("show all pixels of frame 1 again", "all pixels", () => tell(model, { picked: [] }));
  const pick = (u, v) => {
    const length = Math.hypot(u, v), share = length > max ? max / length : 1;
    tell(model, { picked: [u * share, v * share].map((w) => Math.round(w * 10) / 10) });
  };
  listenToDrag(canvas, (event) => {
    const [x, y] = shareOf(event, canvas).map((share) => ((share * side - side / 2) / reach) * max);
    pick(x, y);
    return true;
  });
  const step = (u, v) => (event) => {
    event.stopPropagation();
    const [a, b] = model.get("picked").length ? model.get("picked") : [0, 0];
    pick(a + (u * max) / 16, b + (v * max) / 16);
  };
  listenToKeys(canvas, { ArrowLeft: step(-1, 0), ArrowRight: step(1, 0), ArrowUp: step(0, -1), ArrowDown: step(0, 1), Escape: () => tell(model, { picked: [] }) });
  const caption = make("figcaption", {}, make("b", {}, "the true flow; the wheel finds who moves how"));
  node.append(caption, make("div", { class: "vos-legend" }, flowImage, canvas), make("div", { class: "vos-controls" }, clear, told));
  const on = (motion) => motion.map((w) => side / 2 + (w / max) * reach);
  function draw({ truth }) {
    const pen = canvas.getContext("2d"), motion = model.get("picked");
    pen.clearRect(0, 0, side, side);
    if (wheelImage.complete) pen.drawImage(wheelImage, 0, 0);
    if (truth) markTrue(pen, on(truth), 7);
    clear.disabled = !motion.length;
    if (!motion.length) {
      told.textContent = "the diamond is the chosen pixel's own motion";
      return null;
    }
    pen.beginPath();
    pen.arc(...on(motion), (tolerance / max) * reach, 0, 7);
    rimmed(pen, null, RIM, 4);
    const picked = pickFlow(known.flow, motion, tolerance), count = picked.reduce((sum, one) => sum + one, 0);
    const share = Math.round((100 * count) / picked.length), [u, v] = motion.map((w) => short(w, 1));
    told.textContent = `${count ? `${count * known.flow.every ** 2} px (${share} %) move` : "no pixel moves"} by (${u}, ${v}) ± ${short(tolerance, 1)} px`;
    return count ? picked : null;
  }
  return { node, draw, images: [flowImage, wheelImage] };
}

// ---- numbers and words
function makeNumbers(model, known) {
  const rows = {}, body = make("tbody"), words = make("p", { class: "vos-about", role: "status", "aria-live": "polite" });
  for (const [name, ...sample] of [["best match", sampleOf(BEST, markBest)], ["true displacement", sampleOf(TRUE, markTrue)], ["rank of the true one"]]) {
    rows[name] = make("td");
    body.append(make("tr", {}, make("th", { scope: "row" }, ...sample, name), rows[name]));
  }
  const found = new Set(), list = make("div", { class: "vos-found" }), notes = make("div", { class: "vos-notes" });
  const node = make("div", { class: "vos-told" }, words, make("table", { class: "vos-scores" }, body), list, notes);
  const pair = (by, digits) => `(${by.map((v) => (v > 0 ? "+" : "") + v.toFixed(digits).replace("-", "−")).join(", ")}) px`;
  function draw(seen, sentence) {
    const { best, best_score, truth, true_score, rank, numbers, said, by } = seen;
    rows["best match"].textContent = best ? `${pair(best.map((n) => n * known.stride), 0)}, score ${short(best_score, 3)}` : "none";
    rows["true displacement"].textContent = truth ? pair(truth, 1) + (rank ? `, score ${short(true_score, 3)}` : "") : "not known";
    rows["rank of the true one"].textContent = rank ? `${rank} of ${numbers.count}` : "–";
    if (words.textContent !== sentence) words.textContent = sentence;
    node.classList.toggle("vos-waiting", by === "waiting");
    if (by !== "waiting") for (const find of findsIn(said)) found.add(find);
    list.replaceChildren("found: ", ...Object.entries(FINDS).map(([key, name]) => make("span", { class: found.has(key) ? "vos-yes" : "" }, `${found.has(key) ? "✓" : "○"} ${name}`)));
    notes.replaceChildren(...describe(seen, model.get("own")));
  }
  return { node, draw };
}

function findsIn(said) {
  const right = said.includes("right");
  return Object.keys(FINDS).filter((key) => said.includes(key) && (key !== "peak" || right));
}

function describe({ by, notes }, own) {
  if (by === "page") return ["No kernel answers: these are the scores of the nearest stored place."];
  return [own.length ? `Computed by your ${own.join(" and ")}.` : "", ...notes.map((note) => make("em", {}, ` ${note}`))];
}

// ---- controls
function makeControls(model, known) {
  const { radii, steps } = model.get("limits"), counted = make("span", { class: "vos-clock" });
  const rows = [["d, largest displacement", "radius", radii], ["s, stride", "step", steps]].map(([label, name, [min, max]]) => {
    const [node, input] = makeRange(label, { min, max, step: 1 }, model.get(name), (value) => known.ask({ [name]: value }));
    const value = make("span", { class: "vos-value" });
    node.append(value);
    return { node, input, value, name };
  });
  const node = make("div", { class: "vos-controls" }, ...rows.map((row) => row.node), counted);
  function draw() {
    for (const { input, value, name } of rows) {
      input.value = model.get(name);
      value.textContent = `${model.get(name)} cells`;
    }
    const reach = Math.floor(model.get("radius") / model.get("step")), n = 2 * reach + 1;
    counted.textContent = `${n} × ${n} = ${n * n} scores a place, reaching ${reach * model.get("step") * known.stride} px (a cell is ${known.stride} px)`;
  }
  return { node, draw };
}

function render({ model, el }) {
  const known = makeKnowledge(model, () => draw()), first = makeFirst(model, known), second = makeSecond(model, known);
  const window_ = makeWindow(known), wheel = makeWheel(model, known), numbers = makeNumbers(model, known), controls = makeControls(model, known);
  const root = make("div", { class: "vos vos-probe", role: "group", "aria-label": "correlation probe" });
  root.append(make("div", { class: "vos-two" }, first.node, second.node), controls.node);
  root.append(make("div", { class: "vos-bench" }, window_.node, numbers.node, wheel.node));
  listenToKeys(first.canvas, {
    ArrowLeft: (event) => known.move(-1, 0, event), ArrowRight: (event) => known.move(1, 0, event),
    ArrowUp: (event) => known.move(0, -1, event), ArrowDown: (event) => known.move(0, 1, event),
    Home: () => known.put(known.size[1] / 2, known.size[0] / 2),
  });
  let shown = null;
  function draw() {
    const news = known.now();
    // The last scores stay, dimmed, until the new ones come.
    shown = news.by === "waiting" && shown ? { ...shown, by: "waiting", at: model.get("pixel") } : news;
    const sentence = sayReading(model.get("words"), shown);
    first.draw(shown, wheel.draw(shown));
    second.draw(shown, sentence);
    window_.draw(shown, sentence);
    numbers.draw(shown, sentence);
    controls.draw();
  }
  el.append(root);
  for (const image of [first.image, second.image, ...(wheel.images ?? [])]) image.addEventListener("load", () => draw());
  draw();
  const stop = watch(model, ["pixel", "radius", "step", "picked", "answer"], draw);
  return () => { stop(); known.stop(); };
}

export default { render };
