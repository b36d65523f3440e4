// The switchboard. Reading order: what is shown, panes, the scores over time, switches, controls, render.
// Every clip comes from the kernel; a page without one keeps what it was given and says so.
const WAIT = 6000;  // ms after which a silent kernel is taken for none: drawing a clip takes some tenths of a second
const SIDES = ["as the seed draws it", "with your switches"];

function describeSide(model, side) {
  const turned = Object.entries(model.get("shown").settings).map((turn) => turn.join(": ")).join(" · ");
  return side === 0 ? SIDES[0] : `${SIDES[1]} – ${turned || "none is turned"}`;
}

function isShown(model) {
  const { seed, settings } = model.get("shown"), wanted = model.get("settings"), names = Object.keys(wanted);
  return seed === model.get("seed") && names.length === Object.keys(settings).length && names.every((n) => settings[n] === wanted[n]);
}

// ---- panes: one a side and system
function makePane(model, side, s) {
  const [height, width] = model.get("size"), scale = 4, look = model.get("looks")[s];
  const canvas = make("canvas", { width: width * scale, height: height * scale, role: "img" });
  const value = make("span", { class: "vos-value" });
  const node = make("figure", {}, make("figcaption", {}, drawSample(look), look.name, value), canvas);
  const brush = makeBrush(model.get("paints"), width, height);
  let known = null, codes = null;

  function draw(image) {
    const trial = model.get("shown").sides[side].systems[s], t = model.get("frame"), pen = canvas.getContext("2d");
    if (known !== trial) { known = trial; codes = expandRuns(trial.runs, model.get("frames") * width * height); }
    brush(pen, scale, image, codes.subarray(t * width * height, (t + 1) * width * height));
    const j = trial.curve[t], lost = j !== null && j < model.get("broken");
    value.textContent = j === null ? "not scored" : `J ${short(j)}${lost ? ", broken" : ""}`;
    value.classList.toggle("vos-broken", lost);
    canvas.setAttribute("aria-label", `${look.name}, ${describeSide(model, side)}, frame ${t}, ${value.textContent}`);
  }
  return { node, draw };
}

// ---- J over time, before (faint) and after; the axis is the time line
function makeTimeline(model) {
  const names = Array.from({ length: model.get("frames") }, (_, t) => String(t));
  const axis = makeScoreLine(model, { trait: "frame", label: "frame", names, level: model.get("broken") });
  const { curves, x, y, pathOf } = axis;
  function drawSystem({ colour, dash }, before, after) {
    const line = (curve, look) => makeSvg("path", { d: pathOf(curve), fill: "none", stroke: colour, "stroke-linejoin": "round", ...look });
    curves.append(line(before.curve, { opacity: 0.4, "stroke-width": 1.2 }), line(after.curve, dashed(dash, 2.4)));
    if (after.breaks === null) return;
    const at = { cx: x(after.breaks), cy: y(after.curve[after.breaks]), r: 5 };
    curves.append(makeSvg("circle", { ...at, fill: "var(--paper)", stroke: colour, "stroke-width": 2 }));
  }
  const draw = () => {
    const t = model.get("frame"), [before, after] = model.get("shown").sides;
    curves.replaceChildren();
    model.get("looks").forEach((look, s) => drawSystem(look, before.systems[s], after.systems[s]));
    const said = model.get("looks").map(({ name }, s) => `${name} J ${short(after.systems[s].curve[t])}`).join(", ");
    axis.point(t, `frame ${t}, ${said}`);
  };
  return { node: axis.node, draw };
}

function makeScores(model) {
  const head = ["mean J", "before", "after", "change", "breaks"].map((word) => make("th", { scope: "col" }, word));
  const body = make("tbody"), node = make("table", { class: "vos-scores" }, make("thead", {}, make("tr", {}, ...head)), body);
  const draw = () => {
    const [before, after] = model.get("shown").sides;
    const from = ({ breaks }) => (breaks === null ? "never" : `at ${breaks}`);
    const rows = model.get("looks").map((look, s) => {
      const [old, now] = [before.systems[s], after.systems[s]], change = now.mean === null ? null : now.mean - old.mean;
      const cells = [short(old.mean), short(now.mean), make("b", {}, (change > 0 ? "+" : "") + short(change)), from(now)];
      return make("tr", {}, make("th", { scope: "row" }, drawSample(look), look.name), ...cells.map((cell) => make("td", {}, cell)));
    });
    body.replaceChildren(...rows);
  };
  return { node, draw };
}

// ---- switches: a row of radio buttons each, which bring their own keys
let boards = 0;  // radio buttons of two boards on one page must not share names

function makeSwitch(model, { name, about, levels, rest }, board, ask, tellAbout) {
  const inputs = levels.map((level) => {
    const input = make("input", { type: "radio", name: `vos-${board}-${name}`, value: level });
    input.addEventListener("change", () => {
      const others = Object.entries(model.get("settings")).filter(([other]) => other !== name);
      ask({ settings: Object.fromEntries(level === rest ? others : [...others, [name, level]]) });
    });
    input.addEventListener("keydown", (event) => event.key.startsWith("Arrow") && event.stopPropagation());
    return input;
  });
  const choices = inputs.map((input) => make("label", {}, input, input.value));
  const node = make("fieldset", { "aria-description": about, "data-switch": name }, make("legend", {}, name), make("div", { class: "vos-levels" }, ...choices));
  const words = { name, about: `: ${about}` };
  for (const enter of ["pointerenter", "focusin"]) node.addEventListener(enter, () => tellAbout(words));
  const draw = () => {
    const now = model.get("settings")[name] ?? rest;
    for (const input of inputs) input.checked = input.value === now;
    node.classList.toggle("vos-turned", now !== rest);
  };
  return { node, draw };
}

// What the switch is about that was last under the pointer or had the focus; before that, what to do here.
function makeAbout() {
  const node = make("p", { class: "vos-about" }), tellAbout = ({ name, about }) => node.replaceChildren(make("b", {}, name), about);
  tellAbout({ name: "Turn one switch, then play.", about: " The upper row stays as it is; the lower row, its curves and its scores show what the turn did, and to whom." });
  return { node, tellAbout };
}

function makeControls(model, go, ask) {
  const play = makeButton("play", PLAY, () => tell(model, { playing: !model.get("playing") }));
  const steps = [makeButton("one frame back", BACK, () => go(-1)), play, makeButton("one frame on", ON, () => go(1))];
  const scene = make("span", { class: "vos-value" });
  const turn = (by) => ask({ seed: Math.max(0, model.get("seed") + by) });
  const scenes = [makeButton("the scene before", "−", () => turn(-1)), makeButton("the next scene", "+", () => turn(1))];
  const reset = makeButton("all switches back", "all switches back", () => ask({ settings: {} }));
  const node = make("div", { class: "vos-controls" }, make("div", { class: "vos-buttons" }, ...steps), make("label", {}, scene),
    make("div", { class: "vos-buttons" }, ...scenes), reset, makeKey(model));
  const draw = () => {
    showPlaying(play, model.get("playing"));
    scene.textContent = `scene ${model.get("seed")}`;
  };
  return { node, draw };
}

function render({ model, el }) {
  const board = boards++, frames = model.get("frames");
  let films = null, filmsOf = null, asked = 0, timer = 0;
  const ask = (changes) => {
    asked = performance.now();
    clearTimeout(timer);
    timer = setTimeout(() => draw(), WAIT + 20);
    tell(model, changes);
  };
  const turn = (t) => tell(model, { frame: clamp(t, 0, frames - 1), playing: false }), go = (step) => turn(model.get("frame") + step);
  const rows = SIDES.map((_, side) => model.get("looks").map((_, s) => makePane(model, side, s)));
  const trials = make("div", { class: "vos-trials" });
  trials.style.gridTemplateColumns = `repeat(${model.get("looks").length}, minmax(0, 1fr))`;
  const heads = SIDES.map(() => make("div", { class: "vos-side" })), about = makeAbout();
  rows.forEach((panes, side) => trials.append(heads[side], ...panes.map((pane) => pane.node)));
  const switches = model.get("switches").map((one) => makeSwitch(model, one, board, ask, about.tellAbout));
  const timeline = makeTimeline(model), scores = makeScores(model), controls = makeControls(model, go, ask);
  const notes = make("div", { class: "vos-notes", role: "status", "aria-live": "polite" });
  const heard = make("div", { role: "status", style: "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)" });
  const bench = make("div", {}, trials, controls.node, timeline.node);
  const panel = make("div", {}, ...switches.map((one) => one.node), about.node, scores.node);
  const root = make("div", { class: "vos vos-board", role: "group", "aria-label": "switchboard: space plays, page up and down step" });
  root.append(make("div", { class: "vos-desk" }, bench, panel), notes, heard);
  listenToKeys(root, {
    " ": () => tell(model, { playing: !model.get("playing") }), PageUp: () => go(-1), PageDown: () => go(1),
    ArrowLeft: () => go(-1), ArrowRight: () => go(1), Home: () => turn(0), End: () => turn(frames - 1),
  });
  function draw() {
    const shown = model.get("shown"), waiting = !isShown(model), lost = waiting && performance.now() - asked > WAIT;
    if (filmsOf !== shown) {
      filmsOf = shown;
      films = shown.sides.map(({ film }) => film.map((address) => Object.assign(new Image(), { src: address })));
    }
    [timeline, scores, controls, ...switches].forEach((part) => part.draw());
    for (const part of [trials, timeline.node, scores.node]) part.classList.toggle("vos-waiting", waiting);
    const said = lost ? "No kernel answers, and only a kernel can draw the clip: the pictures and scores are those of the switches before." : waiting ? "drawing …" : shown.notes.join(" ");
    heads.forEach((head, side) => (head.textContent = describeSide(model, side)));
    if (notes.textContent !== said) notes.textContent = said;
    if (!waiting && heard.textContent !== shown.verdict) heard.textContent = shown.verdict;
    rows.forEach((panes, side) => panes.forEach((pane) => {
      const image = films[side][model.get("frame")];
      if (image.complete) pane.draw(image);
      else image.addEventListener("load", draw, { once: true });
    }));
  }
  el.append(root);
  draw();
  const stop = watch(model, ["frame", "playing", "settings", "seed", "shown"], draw);
  return () => { stop(); clearTimeout(timer); };
}

export default { initialize: ({ model }) => keepTime(model, () => model.get("frames")), render };
