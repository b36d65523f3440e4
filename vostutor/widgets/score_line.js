// Scores over places in a row, frames or steps: the axis of the curves is the slider. `names` stand under the places, `right` is the
// room kept for what is written behind them, `title` says what the places are.
function makeScoreLine(model, { trait, label, names, level = 0.5, right = 12, wide = 600, title = "" }) {
  const count = names.length, left = 34, top = 8, floor = 118, high = title ? 151 : 136;
  const x = (k) => left + (count > 1 ? k / (count - 1) : 0.5) * (wide - left - right), y = (j) => floor - j * (floor - top);
  const svg = makeSvg("svg", { viewBox: `0 0 ${wide} ${high}`, "aria-hidden": "true" }), curves = makeSvg("g");
  for (const [at, word] of [[0, "0"], [level, short(level, 1)], [1, "1"]]) {
    const dash = at === level ? { "stroke-dasharray": "3 4" } : {};
    svg.append(svgLine(left, y(at), wide - right, y(at), { stroke: "var(--rule)", ...dash }), svgText(word, left - 12, y(at) + 4));
  }
  svg.append(svgText("J", 6, y(0.5) + 4, "middle", { "font-weight": 600 }));
  names.forEach((name, k) => svg.append(svgText(name, x(k), 133)));
  if (title) svg.append(svgText(title, (left + wide - right) / 2, high - 3));
  const cursor = svgLine(0, 2, 0, floor, { stroke: "var(--accent)", "stroke-width": 1.5 });
  const knob = makeSvg("circle", { cy: floor, r: 6, fill: "var(--accent)", stroke: "var(--paper)", "stroke-width": 2 });
  svg.append(curves, cursor, knob);
  const node = makeTimeSlider(count, svg, label);
  listenToDrag(node, (event) => {
    const share = (shareOf(event, node)[0] * wide - left) / (wide - left - right);
    tell(model, { [trait]: clamp(Math.round(share * (count - 1)), 0, count - 1), playing: false });
    return true;
  });
  const pathOf = (scores) => scores.map((j, k) => (j === null ? "" : `${scores[k - 1] == null ? "M" : "L"}${x(k)},${y(j)}`)).join("");
  const point = (k, said) => {
    fill(cursor, { x1: x(k), x2: x(k) });
    fill(knob, { cx: x(k) });
    fill(node, { "aria-valuenow": k, "aria-valuetext": said });
  };
  return { node, curves, x, y, pathOf, point };
}

function drawSample(look) {
  const line = svgLine(2, 5, 26, 5, { stroke: look.colour, ...dashed(look.dash, 2.5) });
  return makeSvg("svg", { width: 28, height: 10, "aria-hidden": "true" }, line);
}

// The buttons and keys of a widget whose `trait` moves along a score line: space plays, arrows step, home and end jump.
function makeStepper(root, model, trait, count, more = {}) {
  const turn = (k) => tell(model, { [trait]: clamp(k, 0, count - 1), playing: false }), go = (by) => turn(model.get(trait) + by);
  listenToKeys(root, {
    " ": () => tell(model, { playing: !model.get("playing") }), ArrowLeft: () => go(-1), ArrowRight: () => go(1),
    Home: () => turn(0), End: () => turn(count - 1), ...more,
  });
  const play = makeButton("play", PLAY, () => tell(model, { playing: !model.get("playing") }));
  const steps = [makeButton("one step back", BACK, () => go(-1)), play, makeButton("one step on", ON, () => go(1))];
  return { node: make("div", { class: "vos-buttons" }, ...steps), draw: () => showPlaying(play, model.get("playing")) };
}
