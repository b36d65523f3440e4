// The fine-tuning scrubber. Reading order: what is known, the annotated frames, the late frame, the curves, controls, render.
// Trainings come from the kernel, one for each number of annotated frames; a page without one shows those that were done.
const WAIT = 8000;  // ms after which a kernel that has not even begun to train is taken for none

function makeKnowledge(model, redraw) {
  let asked = -Infinity, timer = 0;
  const steps = model.get("steps"), most = model.get("places").length;
  const ask = (changes) => {
    asked = performance.now();
    clearTimeout(timer);
    timer = setTimeout(redraw, WAIT + 20);
    tell(model, changes);
  };
  function now() {
    const count = model.get("annotated"), run = model.get("runs")[count] ?? null, progress = model.get("progress");
    const begun = progress.count === count ? progress.j : null;
    const by = run ? "kernel" : begun || performance.now() - asked < WAIT ? "waiting" : "nobody";
    return { count, run, begun, by, moment: model.get("moment") };
  }
  const annotate = (count) => ask({ annotated: clamp(count, 0, most), playing: false });
  return { now, annotate, steps, most, stop: () => clearTimeout(timer) };
}

// How far each curve was seen: the kernel keeps it too, a page without one only here.
function noteSeen(model, { count, run, moment }) {
  const reached = [...model.get("reached")];
  if (!run || reached[count] >= moment) return;
  reached[count] = moment;
  tell(model, { reached });
}

function inWords(count) {
  return count === 0 ? "no frame" : `${count} frame${count > 1 ? "s" : ""}`;
}

// ---- the frames that can be annotated, in the order of time; those that are show their mask
function makePlaces(model) {
  const places = [...model.get("places").entries()].sort(([, a], [, b]) => a.frame - b.frame);
  const nodes = places.map(([order, place]) => ({ order, place, image: make("img", {}), caption: make("figcaption") }));
  const columns = Math.ceil(Math.sqrt(nodes.length)), sheet = make("div", { class: "vos-sheet" });
  sheet.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
  sheet.append(...nodes.map(({ image, caption }) => make("figure", {}, caption, image)));
  const head = make("b"), node = make("figure", {}, make("figcaption", {}, head), sheet);
  function draw({ count }) {
    head.textContent = count ? `what it is told: ${inWords(count)}` : "what it is told: nothing";
    for (const { order, place, image, caption } of nodes) {
      const told = order < count, words = `frame ${place.frame}${told ? ", annotated" : ""}`;
      image.src = told ? place.told : place.bare;
      image.alt = words;
      image.classList.toggle("vos-untold", !told);
      caption.textContent = words;
    }
  }
  return { node, draw };
}

// ---- the late frame: what the network finds in it, and how sure it is
function makeLate(model, known, redraw) {
  const [height, width] = model.get("size"), scale = 4, late = model.get("late");
  const canvas = make("canvas", { width: width * scale, height: height * scale, role: "img" });
  const value = make("span", { class: "vos-value" }), head = make("b"), brush = makeBrush(model.get("paints"), width, height);
  const image = Object.assign(new Image(), { src: model.get("image") });
  const node = make("figure", {}, make("figcaption", {}, head, value), canvas, makeKey(model));
  let opened = null, codes = null;
  function draw({ run, moment, count }) {
    const step = known.steps[moment];
    head.textContent = `frame ${late} after ${step} step${step === 1 ? "" : "s"}`;
    if (run && opened !== run) open(run);
    if (!run || !codes || !image.complete) return;
    brush(canvas.getContext("2d"), scale, image, codes.subarray(moment * width * height, (moment + 1) * width * height));
    value.textContent = `J ${short(run.j[moment])}`;
    canvas.setAttribute("aria-label", `${head.textContent} with ${inWords(count)} annotated: ${value.textContent}`);
  }
  async function open(run) {
    [opened, codes] = [run, null];
    const runs = await inflate(run.masks);
    if (opened !== run) return;  // another one was asked for meanwhile
    codes = expandRuns(runs, known.steps.length * width * height);
    redraw();
  }
  return { node, draw, image };
}

function makeSure(model, known) {
  const image = make("img", { class: "vos-sure" }), node = make("figure", {}, make("figcaption", {}, make("b", {}, "how sure it is")), image);
  const scale = make("div", { class: "vos-scale" }, "0", make("i"), "1", make("span", {}, "probability of the object"));
  node.append(scale);
  function draw({ run, moment }) {
    if (!run) return;
    image.src = run.sure[moment];
    image.alt = `probability of the object in frame ${model.get("late")} after ${known.steps[moment]} steps`;
  }
  return { node, draw };
}

// ---- J over the steps: a line for each number of annotated frames that was looked at, as far as it was
function makeCurves(model, known) {
  const names = known.steps.map(String), title = "online steps: drag here, or use the arrow keys";
  const axis = makeScoreLine(model, { trait: "moment", label: "online steps", names, right: 110, wide: 900, title });
  function draw({ count, begun, by, moment, run }) {
    const reached = model.get("reached"), runs = model.get("runs"), ends = [];
    axis.curves.replaceChildren();
    reached.forEach((far, n) => {
      if (runs[n] && far >= 0 && n !== count) ends.push(addLine(runs[n].j, far, n, false));
    });
    if (run) ends.push(addLine(run.j, Math.max(reached[count], moment), count, true));
    else if (begun && by === "waiting") ends.push(addLine(begun, begun.length - 1, count, true));
    writeNames(ends);
    const score = run ? `, J ${short(run.j[moment])}` : "";
    axis.point(moment, `${known.steps[moment]} steps, ${inWords(count)} annotated${score}`);
  }
  function addLine(j, far, n, now) {
    const seen = j.slice(0, far + 1), stroke = now ? "#0072b2" : "var(--dim)";
    const look = { fill: "none", stroke, "stroke-width": now ? 2.6 : 1.3, "stroke-dasharray": n ? "none" : "5 4" };
    axis.curves.append(makeSvg("path", { d: axis.pathOf(seen), "stroke-linejoin": "round", ...look }));
    seen.forEach((v, k) => v !== null && axis.curves.append(makeSvg("circle", { cx: axis.x(k), cy: axis.y(v), r: now ? 3.2 : 1.8, fill: stroke })));
    const last = seen.findLastIndex((v) => v !== null);
    return { n, now, last, at: last < 0 ? null : axis.y(seen[last]) };
  }
  // Names stand behind the ends, as close as they can without touching each other.
  function writeNames(ends) {
    let free = -Infinity;
    for (const { n, now, last, at } of ends.filter(({ at }) => at !== null).sort((a, b) => a.at - b.at)) {
      const y = Math.max(at + 4, free);
      free = y + 13;
      axis.curves.append(svgText(inWords(n), axis.x(last) + 8, y, "start", now ? { style: "font-weight:700;fill:#0072b2" } : {}));
    }
  }
  return { node: axis.node, draw };
}

function makeControls(model, known, stepper) {
  const [node, input] = makeRange("annotated frames", { min: 0, max: known.most, step: 1 }, model.get("annotated"), known.annotate);
  const value = make("span", { class: "vos-value" }), clock = make("span", { class: "vos-clock" });
  node.append(value);
  function draw({ count, moment }) {
    stepper.draw();
    input.value = count;
    value.textContent = String(count);
    clock.textContent = `step ${known.steps[moment]} of ${known.steps.at(-1)}`;
  }
  return { node: make("div", { class: "vos-controls" }, stepper.node, clock, node), draw };
}

function describe({ by, run, begun, count }, model, known) {
  if (by === "nobody") return [`No kernel answers, and only a kernel can train on ${inWords(count)}: the pictures are those of before.`];
  if (by === "waiting") return [`fine-tuning on ${inWords(count)} … ${begun ? `step ${known.steps[begun.length - 1]} of ${known.steps.at(-1)}` : ""}`];
  if (run.note) return [make("em", {}, run.note)];
  if (count === 0) return ["The parent alone: it was told nothing, so no step is taken."];
  return [model.get("own") ? "Fine-tuned by your function." : ""];
}

function render({ model, el }) {
  const known = makeKnowledge(model, () => draw()), root = make("div", { class: "vos vos-tuner", role: "group", "aria-label": "fine-tuning scrubber" });
  const more = { ArrowUp: () => known.annotate(model.get("annotated") + 1), ArrowDown: () => known.annotate(model.get("annotated") - 1) };
  const stepper = makeStepper(root, model, "moment", known.steps.length, more);
  const places = makePlaces(model), late = makeLate(model, known, () => draw()), sure = makeSure(model, known);
  const curves = makeCurves(model, known), controls = makeControls(model, known, stepper);
  const notes = make("div", { class: "vos-notes", role: "status", "aria-live": "polite" });
  root.append(make("div", { class: "vos-panes" }, places.node, late.node, sure.node), curves.node, controls.node, notes);
  let saved = "";
  function draw() {
    const now = known.now();
    noteSeen(model, now);
    for (const part of [places, late, sure, curves, controls]) part.draw(now);
    for (const { node } of [late, sure]) node.classList.toggle("vos-waiting", now.by !== "kernel");
    const said = describe(now, model, known), words = said.map((part) => part.textContent ?? part).join("");
    if (words !== saved) notes.replaceChildren(...said);
    saved = words;
  }
  el.append(root);
  late.image.addEventListener("load", () => draw());
  draw();
  const stop = watch(model, ["moment", "annotated", "playing", "runs", "progress", "reached"], draw);
  return () => { stop(); known.stop(); };
}

export default { initialize: ({ model }) => keepTime(model, () => model.get("steps").length, "moment"), render };
