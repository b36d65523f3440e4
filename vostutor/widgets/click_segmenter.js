// The click segmenter. Reading order: what is known, the two frames, controls, render.
// The page looks neighbours up by itself, from fewer directions of the space; what the kernel says of all directions takes its place.
const PATIENCE = 1500;  // ms that a kernel has

// ---- what is known: embeddings as signed bytes, and whose each place is in truth
function openPool(model) {
  const [rows, columns] = model.get("cells"), n = rows * columns, d = model.get("channels")[0], count = model.get("looks").length;
  const bytes = (view, kind) => new kind(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
  const space = bytes(model.get("space"), Int8Array), truth = bytes(model.get("truth"), Uint8Array);

  // The label of the nearest click, for every place of both frames; of equally near ones the first.
  function segment(clicks) {
    const labels = new Uint8Array(2 * n).fill(255), starts = clicks.map(([frame, row, column]) => (frame * n + row * columns + column) * d);
    for (let i = 0; i < 2 * n && clicks.length; i++) {
      let least = Infinity;
      starts.forEach((start, k) => {
        let far = 0;
        for (let c = 0; c < d; c++) far += (space[i * d + c] - space[start + c]) ** 2;
        if (far < least) [least, labels[i]] = [far, clicks[k][3]];
      });
    }
    return labels;
  }
  // The twin of `score` in embedding_space.py.
  function score(labels, frame) {
    const values = [];
    for (let k = 1; k < count; k++) {
      let both = 0, either = 0, there = 0;
      for (let i = frame * n; i < (frame + 1) * n; i++) {
        const found = labels[i] === k && truth[i] !== 255, right = truth[i] === k;
        both += found && right;
        either += found || right;
        there += right;
      }
      if (there) values.push(both / either);
    }
    return values.length ? values.reduce((a, b) => a + b, 0) / values.length : null;
  }
  function now() {
    const clicks = model.get("clicks"), answer = model.get("answer");
    if (JSON.stringify(answer.state) === JSON.stringify(clicks)) return { labels: bytes(answer.labels, Uint8Array), j: answer.j, by: "kernel" };
    const labels = segment(clicks);
    return { labels, j: [score(labels, 0), score(labels, 1)], by: "page" };
  }
  return { n, rows, columns, segment, score, now };
}

// ---- a frame to click at, with what was found in it
function makeFrame(model, pool, index, act) {
  const [height, width] = model.get("size"), t = model.get("frames")[index], wide = 800, side = (4 * wide) / width, looks = model.get("looks");
  const label = `Frame ${t}. A click adds a place of the chosen label. Arrow keys move the cross, enter clicks there, backspace takes the last click back, a number chooses a label.`;
  const canvas = make("canvas", { width: wide, height: Math.round((wide * height) / width), class: "vos-aim", tabindex: 0, role: "application", "aria-label": label }), pen = canvas.getContext("2d");
  const image = Object.assign(new Image(), { src: model.get("images")[index] }), value = make("span", { class: "vos-value" });
  const node = make("figure", {}, make("figcaption", {}, make("b", {}, index ? `frame ${t}, later` : "the first frame"), value), canvas);
  const place = (row, column) => [index, clamp(row, 0, pool.rows - 1), clamp(column, 0, pool.columns - 1)];
  const move = (dr, dc) => () => {
    const [frame, row, column] = model.get("cross");
    tell(model, { cross: frame === index ? place(row + dr, column + dc) : place(pool.rows >> 1, pool.columns >> 1) });
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    const [x, y] = shareOf(event, canvas);
    act.add(place(Math.floor((y * height) / 4), Math.floor((x * width) / 4)));
  });
  const numbers = Object.fromEntries(looks.map((_, k) => [String(k), () => tell(model, { label: k })]));
  listenToKeys(canvas, {
    ArrowLeft: move(0, -1), ArrowRight: move(0, 1), ArrowUp: move(-1, 0), ArrowDown: move(1, 0), ...numbers, Backspace: act.undo,
    Enter: () => act.add(model.get("cross")[0] === index ? model.get("cross") : place(pool.rows >> 1, pool.columns >> 1)),
  });
  const at = (row, column) => [(column + 0.5) * side, (row + 0.5) * side];
  function draw({ labels, j }) {
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    drawLabels(pen, labels.subarray(index * pool.n, (index + 1) * pool.n), looks, [pool.rows, pool.columns], [0, 0], side);
    const [frame, ...cross] = model.get("cross");
    if (frame === index && document.activeElement === canvas) markPixel(pen, at(...cross), 8);
    for (const [where, row, column, own] of model.get("clicks")) {
      if (where === index) drawClick(pen, at(row, column), own, looks[own]);
    }
    value.textContent = j[index] === null ? "no object here" : `J ${short(j[index])}`;
    canvas.setAttribute("aria-description", `${value.textContent}; cross at (${cross})`);
  }
  return { node, image, canvas, draw };
}

// A click: the number of its label on its colour, so that nobody needs to see the colour.
function drawClick(pen, [x, y], label, { colour }) {
  pen.beginPath();
  pen.arc(x, y, 12, 0, 7);
  rimmed(pen, colour, "#fff", 3);
  pen.font = "bold 16px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.fillStyle = label ? RIM : "#fff";
  pen.fillText(String(label), x, y + 6);
}

// ---- controls
let segmenters = 0;  // radio buttons of two widgets on one page must not share names

function makeControls(model, act) {
  const number = segmenters++, counted = make("span", { class: "vos-clock", role: "status", "aria-live": "polite" });
  const inputs = model.get("looks").map(({ name, colour }, k) => {
    const input = make("input", { type: "radio", name: `vos-click-${number}`, value: k });
    input.addEventListener("change", () => tell(model, { label: k }));
    input.addEventListener("keydown", (event) => event.key.startsWith("Arrow") && event.stopPropagation());
    return [input, make("label", {}, input, make("i", { style: `width:12px;height:12px;border-radius:6px;background:${colour}` }), `${k} ${name}`)];
  });
  const undo = makeButton("take the last click back", "undo", act.undo), clear = makeButton("take all clicks back", "clear", act.clear);
  const choice = make("fieldset", {}, make("legend", {}, "a click is"), make("div", { class: "vos-levels" }, ...inputs.map(([, node]) => node)));
  const node = make("div", { class: "vos-controls" }, choice, make("div", { class: "vos-buttons" }, undo, clear), counted);
  function draw() {
    const clicks = model.get("clicks");
    inputs.forEach(([input], k) => (input.checked = model.get("label") === k));
    undo.disabled = clear.disabled = !clicks.length;
    const told = model.get("looks").map(({ name }, k) => `${clicks.filter((click) => click[3] === k).length} ${name}`).join(", ");
    counted.textContent = `${clicks.length} click${clicks.length === 1 ? "" : "s"}: ${told}`;
  }
  return { node, draw };
}

function render({ model, el }) {
  let asked = -Infinity, timer = 0;
  const put = (clicks, more = {}) => {
    asked = performance.now();
    clearTimeout(timer);
    timer = setTimeout(() => draw(), PATIENCE + 20);
    tell(model, { clicks, ...more });
  };
  const act = {
    add: (place) => put([...model.get("clicks").filter((click) => String(click.slice(0, 3)) !== String(place)), [...place, model.get("label")]], { cross: place }),
    undo: () => put(model.get("clicks").slice(0, -1)),
    clear: () => put([]),
  };
  const pool = openPool(model), frames = [0, 1].map((index) => makeFrame(model, pool, index, act)), controls = makeControls(model, act);
  const words = make("p", { class: "vos-about" }), notes = make("div", { class: "vos-notes" });
  const root = make("div", { class: "vos vos-clicker", role: "group", "aria-label": "click segmenter" });
  root.append(controls.node, make("div", { class: "vos-two" }, ...frames.map((frame) => frame.node)), words, notes);
  function draw() {
    const seen = pool.now(), [kept, all] = model.get("channels"), clicks = model.get("clicks"), kinds = new Set(clicks.map((click) => click[3]));
    for (const part of [controls, ...frames]) part.draw(seen);
    const said = !clicks.length ? "Nothing is in the pool. Click at the object, then at the background." : kinds.size < 2 ? "One label is in the pool: everything is like it." : "Every place has the label of the click that is nearest to it in the space of embeddings, in both frames; J is counted in places of 4 × 4 pixels.";
    if (words.textContent !== said) words.textContent = said;
    const late = seen.by === "page" && performance.now() - asked > PATIENCE;
    notes.textContent = late ? `No kernel answers: the page looked the neighbours up itself, in ${kept} of ${all} directions of the space.` : "";
  }
  el.append(root);
  for (const { image, canvas } of frames) {
    image.addEventListener("load", () => draw());
    for (const event of ["focus", "blur"]) canvas.addEventListener(event, () => draw());
  }
  draw();
  const stop = watch(model, ["clicks", "label", "cross", "answer"], draw);
  return () => { stop(); clearTimeout(timer); };
}

export default { render };
