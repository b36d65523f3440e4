// The match probe. Reading order: what is known, what it says, the three frames, the maps, controls, render.
// Maps come from the kernel for a frame and a reach, and tell of every place; where none answers, the nearest stored ones are shown.
const PATIENCE = 1200, AWAY = 2;  // ms that a kernel has; _FAR_AWAY in likeness.py
const FAR = { colour: "#d55e00", dash: [] }, NEAR = { colour: "#56b4e9", dash: [9, 6] };

// ---- what is known of the frame and the reach that are set
function makeKnowledge(model, redraw) {
  const opened = new WeakMap();  // blobs that were inflated, or are being
  let asked = -Infinity, timer = 0;
  const ask = (changes) => {
    asked = performance.now();
    clearTimeout(timer);
    timer = setTimeout(redraw, PATIENCE + 20);
    tell(model, changes);
  };
  // What a blob holds, or nothing while it is being inflated.
  function open(blob) {
    if (!opened.has(blob)) {
      opened.set(blob, null);
      inflate(blob).then((view) => { opened.set(blob, view); redraw(); });
    }
    return opened.get(blob);
  }
  function now() {
    const state = [model.get("moment"), model.get("reach")], { known, notes, at } = nearestState(model, state);
    const exact = String(at) === String(state);
    if (!exact && performance.now() - asked < PATIENCE) return null;
    const [far, near] = known.map(open);
    return far && near ? { ...unpack(model, far, near), state: at, by: exact ? "kernel" : "page", notes } : null;
  }
  return { now, ask, stop: () => clearTimeout(timer) };
}

// The state that is known, from the kernel's answer or stored, with the fewest steps of sliders between; a frame counts for many.
function nearestState(model, [moment, reach]) {
  const stored = model.get("stored"), answer = model.get("answer"), apart = ([m, k]) => 100 * Math.abs(m - moment) + Math.abs(k - reach);
  const states = [answer.state, ...Object.keys(stored.near).map((key) => key.split(",").map(Number))];
  const at = states.reduce((best, state) => (apart(state) < apart(best) ? state : best));
  if (at === answer.state) return { at, known: [answer.far, answer.near], notes: answer.notes };
  return { at, known: [stored.far[at[0]], stored.near[at.join(",")]], notes: [] };
}

// The planes in the order of pack_far and pack_near.
function unpack(model, far, near) {
  const [rows, columns] = model.get("cells"), n = rows * columns, count = model.get("looks").length;
  const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const planes = (view, from, many) => Array.from({ length: many }, (_, k) => bytes(view).subarray((from + k) * n, (from + k + 1) * n));
  const whole = { G: planes(far, 0, count), before: planes(far, count, count), first: planes(far, 2 * count, 2 * count), previous: planes(far, 4 * count, 1)[0], truth: planes(far, 4 * count + 1, 1)[0] };
  return { ...whole, L: planes(near, 0, count), prob: planes(near, count, count), away: planes(near, 2 * count, 2 * count), answer: planes(near, 4 * count, 1)[0] };
}

// ---- what it says of a place: the twin of read_place in likeness.py (a test holds them together)
function readPlace(model, seen) {
  const [row, column] = model.get("place"), columns = model.get("cells")[1], i = row * columns + column, shown = model.get("shown");
  const names = model.get("looks").map((look) => look.name), t = model.get("moments")[seen.state[0]];
  const table = names.map((_, k) => [(seen.G[k][i] / 255) ** 2, (seen.L[k][i] / 255) ** 2, seen.before[k][i] / 255, seen.prob[k][i] / 255]);
  const least = (n) => table.reduce((best, values, k) => (values[n] < table[best][n] ? k : best), 0);
  const far = least(0), near = least(1), answer = seen.answer[i], truth = seen.truth[i];
  const firstOf = (k) => (seen.first[2 * k][i] === 255 ? null : [seen.first[2 * k][i], seen.first[2 * k + 1][i]]);
  const lastOf = (k) => (seen.away[2 * k][i] === 0 ? null : [row + seen.away[2 * k][i] - 128, column + seen.away[2 * k + 1][i] - 128]);
  const numbers = { far: names[far], near: names[near], answer: names[answer], previous: t - 1, truth: names[truth] };
  const said = [far === near ? (answer === far ? "agree" : "overruled") : answer === far ? "far" : answer === near ? "near" : "neither"], own = firstOf(far);
  if (!lastOf(far)) said.push("empty");
  else if (own && far !== near && table[far][1] > AWAY * table[far][0]) {
    said.push("alike");
    numbers.away = Math.max(Math.abs(own[0] - row), Math.abs(own[1] - column));
  }
  if (truth !== 255) said.push(truth === answer ? "right" : "wrong");
  const words = said.map((key) => model.get("words")[key].replace(/\{(\w+)\}/g, (_, name) => numbers[name])).join(" ");
  const lines = { first: shown < 0 ? far : shown, last: shown < 0 ? near : shown };
  return { place: [row, column], table, far, near, answer, lines, first: firstOf(lines.first), last: lastOf(lines.last), said, words };
}

// ---- the first frame, frame t in the middle, and the frame before: no line crosses another frame
function makeFrames(model, redraw) {
  const [height, width] = model.get("size"), [rows, columns] = model.get("cells"), looks = model.get("looks"), images = {};
  const wide = 420, side = wide / (width / 4), high = (wide * height) / width, total = 3 * wide + 2 * GAP;
  const label = "Frame t between the first frame and the one before. Arrow keys move the place; home goes to the middle.";
  const canvas = make("canvas", { width: total, height: Math.round(high), class: "vos-aim", tabindex: 0, role: "application", "aria-label": label }), pen = canvas.getContext("2d");
  const heads = [0, 1, 2].map(() => make("div", { style: "flex:1 1 0; min-width:0" })), node = make("figure", {}, make("figcaption", { style: "align-items:end;white-space:normal;gap:2%" }, ...heads), canvas);
  for (const [t, src] of Object.entries(model.get("film"))) {
    images[t] = Object.assign(new Image(), { src });
    images[t].addEventListener("load", redraw);
  }
  const left = [0, wide + GAP, 2 * (wide + GAP)], unit = 2.6;
  const at = (panel, [row, column]) => [left[panel] + (column + 0.5) * side, (row + 0.5) * side];
  listenToPlaces(canvas, model, "place", [rows, columns], ([x, y]) => [((x * total - left[1]) / wide) * (width / 4 / columns), y * (height / 4 / rows)]);
  function draw(seen, read) {
    const t = model.get("moments")[seen.state[0]], k = model.get("reaches")[seen.state[1]], [row, column] = read.place;
    const reference = model.get("reference"), labels = [new Uint8Array(reference.buffer, reference.byteOffset, reference.byteLength), seen.answer, seen.previous];
    pen.clearRect(0, 0, canvas.width, canvas.height);
    [0, t, t - 1].forEach((frame, panel) => {
      pen.save();
      pen.beginPath();
      pen.rect(left[panel], 0, wide, high);
      pen.clip();
      if (images[frame].complete) pen.drawImage(images[frame], left[panel], 0, wide, high);
      drawLabels(pen, labels[panel], looks, [rows, columns], [left[panel], 0], side);
      if (panel === 2) drawWindow(pen, [left[2], 0, wide, high], windowOf(row, column, k).map((v, n) => v * side + (n % 2 ? 0 : left[2])), unit);
      pen.restore();
    });
    if (read.first) drawArrow(pen, at(1, read.place), at(0, read.first), FAR, unit, markBest);
    if (read.last) drawArrow(pen, at(1, read.place), at(2, read.last), NEAR, unit, markTrue);
    markPlace(pen, at(1, read.place), 1.5 * side, "#fff", 2.4);
    markPlace(pen, at(2, read.place), side, "#fff", 1.4);
    const name = (n) => looks[n].name, none = (found) => (found ? "" : " (none)");
    fillHead(heads[0], "the first frame, annotated", sampleOf(FAR, markBest), `nearest of ${name(read.lines.first)}${none(read.first)}`);
    fillHead(heads[1], `frame ${t}: click, drag, arrow keys`, "outlined: the answer");
    fillHead(heads[2], `frame ${t - 1}, as it was answered`, sampleOf(NEAR, markTrue), `nearest of ${name(read.lines.last)}${none(read.last)}`);
    canvas.setAttribute("aria-description", `place (${read.place}); ${read.words}`);
  }
  const windowOf = (row, column, k) => [Math.max(0, column - k), Math.max(0, row - k), Math.min(width / 4, column + k + 1), Math.min(height / 4, row + k + 1)];
  return { node, canvas, draw };
}

function fillHead(node, head, ...rest) {
  node.replaceChildren(make("b", {}, head), make("div", { class: "vos-dim", style: "display:flex;gap:4px;align-items:center" }, ...rest));
}

// ---- the maps: a row for each label, a column for each of what the network reads, and what it answers
function makeMaps(model) {
  const looks = model.get("looks"), cells = model.get("cells"), limit = model.get("scale");
  const columns = [["G", "G, distance in the first frame"], ["L", "L, distance in the window"], ["before", "the answer before"], ["prob", "softmax: the answer"]];
  const node = make("div", { class: "vos-sheet vos-maps" });
  const rows = looks.map((look) => {
    const name = make("div", { class: "vos-maps-name" }, make("i", { style: `border:3px ${look.dash[1] ? "dashed" : "solid"} ${look.colour}` }), look.name);
    const maps = columns.map(([, head]) => {
      const map = makeMap(cells);
      map.canvas.dataset.name = `${head} of ${look.name}`;
      map.canvas.title = `${head} of ${look.name}`;
      listenToPlaces(map.canvas, model, "place", cells, (share) => share);
      return map;
    });
    node.append(name, ...maps.map((map) => map.node));
    return { name, maps };
  });
  function draw(seen, read) {
    const k = model.get("reaches")[seen.state[1]], [row, column] = read.place;
    const box = [Math.max(0, column - k), Math.max(0, row - k)], end = [Math.min(cells[1], column + k + 1), Math.min(cells[0], row + k + 1)];
    rows.forEach(({ name, maps }, n) => {
      name.classList.toggle("vos-chosen", model.get("shown") === n);
      columns.forEach(([key], m) => {
        const codes = seen[key][n], of = m < 2 ? (i) => 1 - (codes[i] / 255) ** 2 / limit : (i) => codes[i] / 255;
        const best = m < 2 ? [read.far, read.near][m] === n : m === 3 && read.answer === n;
        maps[m].draw(of, read.place, [short(read.table[n][m]), best ? (m < 2 ? "◂ nearest" : "◂ answered") : ""], m === 1 ? [...box, end[0] - box[0], end[1] - box[1]] : null);
      });
    });
  }
  return { node: make("div", {}, make("div", { class: "vos-maps vos-dim" }, make("span"), ...columns.map(([, head]) => make("span", {}, head))), node, makeScale(limit)), draw };
}

// ---- controls
let probes = 0;  // radio buttons of two probes on one page must not share names

function makeControls(model, known) {
  const number = probes++, looks = model.get("looks"), moments = model.get("moments"), reaches = model.get("reaches");
  const rows = [["frame t", "moment", moments, (t) => `${t}`], ["reach k", "reach", reaches, (k) => `${k} places, ${2 * k + 1} × ${2 * k + 1}`]].map(([label, name, offered, say]) => {
    const [node, input] = makeRange(label, { min: 0, max: offered.length - 1, step: 1 }, model.get(name), (value) => known.ask({ [name]: value }));
    const value = make("span", { class: "vos-value", style: name === "reach" ? "min-width:8.5em" : "min-width:2em" });
    node.append(value);
    return { node, draw: () => { input.value = model.get(name); value.textContent = say(offered[input.value]); input.setAttribute("aria-valuetext", value.textContent); } };
  });
  const inputs = ["whichever is nearest", ...looks.map((look) => look.name)].map((name, k) => {
    const input = make("input", { type: "radio", name: `vos-probe-${number}`, value: k - 1 });
    input.addEventListener("change", () => tell(model, { shown: k - 1 }));
    input.addEventListener("keydown", (event) => event.key.startsWith("Arrow") && event.stopPropagation());
    return [input, make("label", {}, input, name)];
  });
  const choice = make("fieldset", {}, make("legend", {}, "lines to"), make("div", { class: "vos-levels" }, ...inputs.map(([, node]) => node)));
  const node = make("div", { class: "vos-controls" }, ...rows.map((row) => row.node), choice);
  const draw = () => { rows.forEach((row) => row.draw()); inputs.forEach(([input]) => (input.checked = Number(input.value) === model.get("shown"))); };
  return { node, draw };
}

function render({ model, el }) {
  const known = makeKnowledge(model, () => draw()), frames = makeFrames(model, () => draw()), maps = makeMaps(model), controls = makeControls(model, known);
  const words = make("p", { class: "vos-about", role: "status", "aria-live": "polite" }), notes = make("div", { class: "vos-notes" });
  const root = make("div", { class: "vos vos-match", role: "group", "aria-label": "match probe" }, frames.node, controls.node, words, maps.node, notes);
  let last = null;
  function draw() {
    const news = known.now(), seen = news ?? last;  // the last maps stay, dimmed, until the new ones come
    controls.draw();
    root.classList.toggle("vos-late", !news);
    if (!seen) return;
    last = seen;
    const read = readPlace(model, seen);
    frames.draw(seen, read);
    maps.draw(seen, read);
    for (const node of [words, maps.node]) node.classList.toggle("vos-waiting", !news);
    if (words.textContent !== read.words) words.textContent = read.words;
    const own = model.get("own"), [t, k] = [model.get("moments")[seen.state[0]], model.get("reaches")[seen.state[1]]];
    if (seen.by === "page") notes.textContent = `No kernel answers: this is the nearest stored state, frame ${t} with a reach of ${k}.`;
    else notes.replaceChildren(own.length ? `Computed by your ${own.join(" and ")}.` : "", ...seen.notes.map((note) => make("em", {}, ` ${note}`)));
  }
  el.append(root);
  draw();
  const stop = watch(model, ["place", "moment", "reach", "shown", "answer", "stored"], draw);
  return () => { stop(); known.stop(); };
}

export default { render };
