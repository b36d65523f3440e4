// The adaptation painter. Reading order: what is known, the two pictures, J over time, controls, render.
// Targets come from the kernel; where none answers, those of the nearest stored state are shown, and said to be so.
const PATIENCE = 900;  // ms that a kernel has
const CONTROLS = ["alpha", "distance", "erosion"];
const LABELS = { alpha: "α, sure above", distance: "d, far beyond", erosion: "erosion, side" };

function makeKnowledge(model, redraw) {
  let asked = -Infinity, timer = 0;
  const state = () => ["moment", ...CONTROLS].map((name) => model.get(name));
  const ask = (changes) => {
    asked = performance.now();
    clearTimeout(timer);
    timer = setTimeout(redraw, PATIENCE + 20);
    tell(model, changes);
  };
  function now() {
    const here = state(), answer = model.get("answer");
    if (String(answer.state) === String(here)) return { ...answer, by: "kernel" };
    const stored = nearest(model.get("stored"), here);
    if (stored && stored.apart === 0) return { ...stored, by: "kernel" };
    const waiting = performance.now() - asked < PATIENCE;
    return { ...(stored && !waiting ? stored : answer), by: waiting ? "waiting" : "page" };
  }
  return { now, ask, state, stop: () => clearTimeout(timer) };
}

// The stored state with the fewest steps of sliders between, of the same frame if there is one.
function nearest(stored, here) {
  let best = null;
  for (const [key, value] of Object.entries(stored)) {
    const state = key.split(",").map(Number), apart = state.reduce((sum, at, k) => sum + Math.abs(at - here[k]) * (k ? 1 : 100), 0);
    if (!best || apart < best.apart) best = { ...value, state, apart };
  }
  return best;
}

// ---- what the network says, and what the frame teaches
function makeSays(model) {
  const image = make("img"), head = make("b"), node = make("figure", {}, make("figcaption", {}, head), image);
  const scale = make("div", { class: "vos-scale" }, "0", make("i"), "1", make("span", {}, "probability; dashed: the last mask"));
  node.append(scale);
  function draw({ state }) {
    const t = model.get("moments")[state[0]];
    image.src = model.get("says")[state[0]];
    head.textContent = `frame ${t}: how sure the network is`;
    image.alt = `probability of the object in frame ${t}, with the outline of the last mask`;
  }
  return { node, draw };
}

function makePainted(model, redraw) {
  const [height, width] = model.get("size"), scale = 4, brush = makeBrush(model.get("paints"), width, height);
  const canvas = make("canvas", { width: width * scale, height: height * scale, role: "img", class: "vos-painted" });
  const images = model.get("film").map((src) => Object.assign(new Image(), { src }));
  const node = make("figure", {}, make("figcaption", {}, make("b", {}, "what this frame teaches")), canvas, makeKey(model));
  let opened = null, codes = null;
  function draw({ state, runs, words }) {
    const image = images[state[0]];
    canvas.setAttribute("aria-label", `frame ${model.get("moments")[state[0]]}. ${words}`);
    if (opened !== runs) open(runs);
    if (!image.complete) image.addEventListener("load", redraw, { once: true });
    else if (codes) brush(canvas.getContext("2d"), scale, image, codes);
  }
  async function open(runs) {
    opened = runs;
    const view = await inflate(runs);
    if (opened !== runs) return;  // another state was asked for meanwhile
    codes = expandRuns(view, width * height);
    redraw();
  }
  return { node, draw };
}

// ---- J over time; the axis is the time line
function makeTimeline(model) {
  const moments = model.get("moments"), node = make("div"), key = make("div", { class: "vos-controls" });
  const title = "frame: drag here, or use the arrow keys";
  const axis = makeScoreLine(model, { trait: "moment", label: "frame", names: moments.map(String), wide: 900, title });
  const run = makeButton("run OnAVOS with replay and without", "run it with replay and without", () => tell(model, { wanted: true }));
  node.append(axis.node, key);
  function draw() {
    const lines = model.get("lines"), k = model.get("moment"), at = (curve) => moments.map((t) => curve[t]);
    axis.curves.replaceChildren(...lines.map(({ curve, colour, dash }) => {
      const look = { fill: "none", stroke: colour, "stroke-linejoin": "round", ...dashed(dash, 2.4) };
      return makeSvg("path", { d: axis.pathOf(at(curve)), ...look });
    }));
    const names = lines.map((line) => make("label", {}, drawSample(line), `${line.name} `, make("b", {}, short(at(line.curve)[k]))));
    key.replaceChildren("J of ", ...names, ...(model.get("runnable") ? [run] : []));
    run.disabled = model.get("wanted");
    run.textContent = model.get("wanted") ? "running …" : "run it with replay and without";
    axis.point(k, `frame ${moments[k]}, ${lines.map((line) => `${line.name} J ${short(at(line.curve)[k])}`).join(", ")}`);
  }
  return { node, draw };
}

function makeControls(model, known, stepper) {
  const choices = model.get("choices");
  const rows = CONTROLS.map((name) => {
    const [node, input] = makeRange(LABELS[name], { min: 0, max: choices[name].length - 1, step: 1 }, model.get(name), (at) => known.ask({ [name]: at }));
    const value = make("span", { class: "vos-value" });
    node.append(value);
    return { name, node, input, value };
  });
  function draw() {
    stepper.draw();
    for (const { name, input, value } of rows) {
      const said = `${choices[name][model.get(name)]}${name === "alpha" ? "" : " px"}`;
      input.value = model.get(name);
      input.setAttribute("aria-valuetext", said);
      value.textContent = said;
    }
  }
  return { node: make("div", { class: "vos-controls" }, stepper.node, ...rows.map((row) => row.node)), draw };
}

function render({ model, el }) {
  const known = makeKnowledge(model, () => draw()), root = make("div", { class: "vos vos-painter", role: "group", "aria-label": "adaptation painter" });
  const stepper = makeStepper(root, model, "moment", model.get("moments").length);
  const says = makeSays(model), painted = makePainted(model, () => draw()), timeline = makeTimeline(model), controls = makeControls(model, known, stepper);
  const words = make("p", { class: "vos-about", role: "status", "aria-live": "polite" }), notes = make("div", { class: "vos-notes" });
  root.append(make("div", { class: "vos-two" }, says.node, painted.node), controls.node, words, timeline.node, notes);
  function draw() {
    const seen = known.now(), trouble = [seen.note, model.get("trouble")].filter(Boolean).join(" ");
    for (const part of [says, painted, timeline, controls]) part.draw(seen);
    for (const node of [painted.node, words]) node.classList.toggle("vos-waiting", seen.by === "waiting");
    if (words.textContent !== seen.words) words.textContent = seen.words;
    if (seen.by === "page") notes.textContent = "No kernel answers: this is the nearest stored state.";
    else notes.replaceChildren(model.get("own") ? "Painted by your function. " : "", make("em", {}, trouble));
  }
  el.append(root);
  draw();
  const stop = watch(model, ["moment", ...CONTROLS, "answer", "playing", "lines", "runnable", "wanted", "trouble"], draw);
  return () => { stop(); known.stop(); };
}

export default { initialize: ({ model }) => keepTime(model, () => model.get("moments").length, "moment"), render };
