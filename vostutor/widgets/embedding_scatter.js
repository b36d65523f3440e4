// The embedding scatter. Reading order: what is known, what it says, the scatter, the two frames, the table, controls, render.
// All distances are here: the kernel is asked only for what a student's own triplet says.
const POSITIVE = { colour: "#56b4e9", dash: [] }, NEGATIVE = { colour: "#d55e00", dash: [9, 6] };

// ---- what is known, and what the triplets of an anchor say: the twin of `reading` in embedding_scatter.py (a test holds them together)
function openSpace(model) {
  const [rows, columns] = model.get("cells"), n = rows * columns;
  const open = (name, kind) => {
    const view = model.get(name);
    return new kind(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
  };
  const points = open("points", Int16Array), labels = open("labels", Uint8Array), far = open("distances", Float32Array), found = open("found", Int16Array);
  const hinge = (k, which, margin) => Math.max(0, far[which * n + k] - far[n + k] + margin);  // which: 0 the closest positive, 2 the mean
  return {
    n, rows, columns,
    at: (frame, k) => [points[2 * (frame * n + k)], points[2 * (frame * n + k) + 1]],
    label: (frame, k) => labels[frame * n + k],
    distances: (k) => [0, 1, 2].map((which) => far[which * n + k]),
    positive: (k) => found[k], negative: (k) => found[n + k],
    hinges: (k, margin) => [hinge(k, 0, margin), hinge(k, 2, margin)],
  };
}

function readAnchor(space, [row, column], margin) {
  const k = row * space.columns + column, hinges = space.hinges(k, margin), known = hinges.every(Number.isFinite);
  const label = space.label(1, k), shares = sharesOf(space, margin, () => true), label_shares = sharesOf(space, margin, (own) => own === label);
  const said = known ? ["neither", "mean", "both"][hinges.filter((value) => value > 0).length] : "unknown";
  return { k, label, distances: space.distances(k), hinges, shares, label_shares, said, positive: space.positive(k), negative: space.negative(k) };
}

// The share of anchors with hinges above zero, among those whose labels are asked for.
function sharesOf(space, margin, wanted) {
  const above = [0, 0];
  let asked = 0;
  for (let k = 0; k < space.n; k++) {
    const both = space.hinges(k, margin);
    if (!wanted(space.label(1, k)) || !both.every(Number.isFinite)) continue;
    asked++;
    both.forEach((value, which) => (above[which] += value > 0));
  }
  return above.map((count) => count / asked);
}

// ---- the scatter; label and frame differ by shape and filling, not by colour alone
const OUTLINES = [[], [], [[-1, -1], [1, -1], [1, 1], [-1, 1]], [[0, -1.2], [1.1, 0.8], [-1.1, 0.8]], [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]], [[0, 1.2], [1.1, -0.8], [-1.1, -0.8]]];

function drawPoint(pen, [x, y], label, { colour }, filled, r) {
  const outline = OUTLINES[label < OUTLINES.length ? label : 1];
  pen.beginPath();
  if (outline.length) for (const [dx, dy] of outline) pen.lineTo(x + r * dx, y + r * dy);
  else pen.arc(x, y, r, 0, 7);
  pen.closePath();
  pen.globalAlpha = label ? 0.95 : 0.5;
  if (filled) rimmed(pen, colour, label ? RIM : colour, label ? 0.8 : 0.5);
  else rimmed(pen, null, colour, label ? 2 : 1.2);
  pen.globalAlpha = 1;
}

function makeScatter(model, space) {
  const wide = 1000, high = 760, edge = 40, looks = model.get("looks"), kept = Math.round(100 * model.get("kept"));
  const label = "Places as points. A click takes the nearest place of the later frame for the anchor.";
  const canvas = make("canvas", { width: wide, height: high, class: "vos-aim", role: "img", "aria-label": label }), pen = canvas.getContext("2d");
  const caption = make("figcaption", {}, make("b", {}, "the space of embeddings"), make("span", { class: "vos-dim" }, `two of ${model.get("channels")} directions, ${kept} % of the spread`));
  const all = [0, 1].flatMap((frame) => Array.from({ length: space.n }, (_, k) => space.at(frame, k)));
  const middle = [0, 1].map((d) => all.map((p) => p[d])).map((v) => [Math.min(...v), Math.max(...v)]);
  const unit = Math.min((wide - 2 * edge) / (middle[0][1] - middle[0][0] || 1), (high - 2 * edge) / (middle[1][1] - middle[1][0] || 1));
  const on = ([x, y]) => [wide / 2 + unit * (x - (middle[0][0] + middle[0][1]) / 2), high / 2 - unit * (y - (middle[1][0] + middle[1][1]) / 2)];
  const sheet = document.createElement("canvas");
  fill(sheet, { width: wide, height: high });
  const brush = sheet.getContext("2d");
  for (const object of [false, true]) {
    for (const frame of [0, 1]) {
      for (let k = 0; k < space.n; k++) {
        const own = space.label(frame, k);
        if (own !== 255 && own > 0 === object) drawPoint(brush, on(space.at(frame, k)), own, looks[own], frame === 0, object ? 7 : 4.5);
      }
    }
  }
  listenToDrag(canvas, (event) => {
    const [x, y] = shareOf(event, canvas), far = (k) => Math.hypot(...on(space.at(1, k)).map((v, d) => v - [x * wide, y * high][d]));
    let best = -1;
    for (let k = 0; k < space.n; k++) if (space.label(1, k) !== 255 && (best < 0 || far(k) < far(best))) best = k;
    if (best >= 0) tell(model, { anchor: [Math.floor(best / space.columns), best % space.columns] });
    return true;
  });
  function draw(read) {
    pen.clearRect(0, 0, wide, high);
    pen.drawImage(sheet, 0, 0);
    const own = on(space.at(1, read.k));
    if (read.negative >= 0) drawArrow(pen, own, on(space.at(0, read.negative)), NEGATIVE, 3.4, markTrueIn(NEGATIVE.colour));
    if (read.positive >= 0) drawArrow(pen, own, on(space.at(0, read.positive)), POSITIVE, 3.4, markDotIn(POSITIVE.colour));
    markPixel(pen, own, 13);
  }
  return { node: make("figure", {}, caption, canvas), canvas, draw };
}

function markDotIn(colour) {
  return (pen, [x, y], r) => {
    pen.beginPath();
    pen.arc(x, y, r, 0, 7);
    rimmed(pen, colour, RIM, r / 3.2);
  };
}

function markTrueIn(colour) {
  return (pen, [x, y], r) => {
    pen.beginPath();
    for (const [dx, dy] of [[1.35, 0], [0, 1.35], [-1.35, 0], [0, -1.35]]) pen.lineTo(x + r * dx, y + r * dy);
    pen.closePath();
    rimmed(pen, colour, RIM, r / 3.2);
  };
}

// ---- the two frames, the later one to choose the anchor in
function makePlaces(model, space, frame, redraw) {
  const [height, width] = model.get("size"), t = model.get("frames")[frame], wide = 640, side = (4 * wide) / width, looks = model.get("looks");
  const label = `Frame ${t}. Click, drag or use the arrow keys to choose the anchor; home goes to the middle.`;
  const role = frame ? { class: "vos-aim", tabindex: 0, role: "application", "aria-label": label } : { role: "img", "aria-label": "the first frame with the closest positive and negative" };
  const canvas = make("canvas", { width: wide, height: Math.round((wide * height) / width), ...role }), pen = canvas.getContext("2d");
  const image = Object.assign(new Image(), { src: model.get("images")[frame] }), head = frame ? `frame ${t}: choose the anchor` : "the first frame";
  const labels = Array.from({ length: space.n }, (_, k) => space.label(frame, k));
  image.addEventListener("load", redraw);
  if (frame) listenToPlaces(canvas, model, "anchor", [space.rows, space.columns], ([x, y]) => [(x * width) / 4 / space.columns, (y * height) / 4 / space.rows]);
  const at = (k) => [((k % space.columns) + 0.5) * side, (Math.floor(k / space.columns) + 0.5) * side];
  function draw(read) {
    if (image.complete) pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    drawLabels(pen, labels, looks, [space.rows, space.columns], [0, 0], side);
    if (frame) {
      markPixel(pen, at(read.k), 9);
      canvas.setAttribute("aria-description", `anchor (${model.get("anchor")}), ${looks[read.label]?.name ?? "unknown"}`);
      return;
    }
    if (read.negative >= 0) markTrueIn(NEGATIVE.colour)(pen, at(read.negative), 10);
    if (read.positive >= 0) markDotIn(POSITIVE.colour)(pen, at(read.positive), 10);
  }
  return { node: make("figure", {}, make("figcaption", {}, make("b", {}, head)), canvas), draw };
}

// ---- numbers: a row for each loss
function makeTable(model) {
  const names = ["closest pair", "mean distance"], mine = make("span");
  const head = ["loss", "positive", "closest negative", "hinge of this anchor", mine, "above zero, of all"].map((word) => make("th", { scope: "col" }, word));
  const rows = names.map((name, which) => {
    const cells = [0, 1, 2, 3, 4].map(() => make("td")), meters = [0, 1].map(() => ({ bar: make("i"), share: make("b") }));
    meters.forEach(({ bar, share }, k) => cells[3 + k].append(share, make("div", { class: "vos-meter", style: "width:110px" }, bar)));
    return { node: make("tr", {}, make("th", { scope: "row" }, name), ...cells), cells, meters, which };
  });
  const node = make("table", { class: "vos-scores" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows.map((row) => row.node)));
  function draw({ label, distances, hinges, shares, label_shares }) {
    mine.textContent = `above zero, of ${model.get("looks")[label]?.name ?? "nobody"}`;
    for (const { cells, meters, which } of rows) {
      const [near, far] = [distances[which ? 2 : 0], distances[1]];
      cells[0].textContent = `${short(near)}${which ? " on average" : ""}`;
      cells[1].textContent = short(far);
      cells[2].replaceChildren(`[${short(near)} − ${short(far)} + ${short(model.get("margin"))}]₊ = `, make("b", {}, short(hinges[which])));
      [label_shares, shares].forEach((share, k) => {
        meters[k].share.textContent = Number.isFinite(share[which]) ? `${Math.round(100 * share[which])} %` : "–";
        meters[k].bar.style.width = `${100 * (share[which] || 0)}%`;
      });
    }
  }
  return { node, draw };
}

function makeLegend(model) {
  const points = model.get("looks").map((look, label) => {
    const canvas = make("canvas", { width: 56, height: 26, class: "vos-mark", "aria-hidden": "true" }), pen = canvas.getContext("2d");
    canvas.style.width = "28px";
    drawPoint(pen, [14, 13], label, look, true, label ? 8 : 5.5);
    drawPoint(pen, [40, 13], label, look, false, label ? 8 : 5.5);
    return make("label", {}, canvas, look.name);
  });
  const lines = [[POSITIVE, markDotIn(POSITIVE.colour), "closest positive"], [NEGATIVE, markTrueIn(NEGATIVE.colour), "closest negative"]];
  return make("div", { class: "vos-controls" }, ...points, make("span", { class: "vos-dim" }, `filled: first frame, hollow: frame ${model.get("frames")[1]}`), ...lines.map(([look, mark, name]) => make("label", {}, sampleOf(look, mark), name)));
}

function render({ model, el }) {
  const space = openSpace(model), limits = model.get("limits"), scatter = makeScatter(model, space), table = makeTable(model);
  const frames = [1, 0].map((frame) => makePlaces(model, space, frame, () => draw()));
  const [slider, input] = makeRange("margin", { min: 0, max: limits.most, step: limits.step }, model.get("margin"), (margin) => tell(model, { margin }));
  const value = make("span", { class: "vos-value" }), words = make("p", { class: "vos-about", role: "status", "aria-live": "polite" }), notes = make("div", { class: "vos-notes" });
  slider.append(value);
  const right = make("div", { class: "vos-beside" }, ...frames.map((frame) => frame.node));
  const root = make("div", { class: "vos vos-scatter", role: "group", "aria-label": "embedding scatter" });
  root.append(make("div", { class: "vos-split" }, scatter.node, right), makeLegend(model), make("div", { class: "vos-controls" }, slider), table.node, words, notes);
  function draw() {
    const margin = model.get("margin"), read = readAnchor(space, model.get("anchor"), margin), answer = model.get("answer"), said = model.get("words")[read.said];
    for (const part of [scatter, table, ...frames]) part.draw(read);
    input.value = margin;
    value.textContent = short(margin);
    if (words.textContent !== said) words.textContent = said;
    const fresh = String(answer.state) === String([...model.get("anchor"), margin]);
    const own = fresh && answer.own !== null ? `Your triplet says ${short(answer.own)} for this anchor, the closest pair ${short(read.hinges[0])}.` : "";
    notes.replaceChildren(own, make("em", {}, fresh ? answer.note : ""));
  }
  el.append(root);
  draw();
  return watch(model, ["anchor", "margin", "answer"], draw);
}

export default { render };
