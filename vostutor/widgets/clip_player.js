// The clip player. Reading order: masks (runs to ids, ids to outlines), panes, curves, controls, render; the clock is in clock.js.

// ---- masks: the kernel sends runs (id, length) as uint16, frame after frame; see packing.py
function readMasks(layer, pixels, width) {
  const view = layer.runs;
  const runs = new Uint16Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
  const starts = [], outlines = new Map();
  for (let at = 0, left = 0; at < runs.length; at += 2) {
    if (left === 0) { starts.push(at); left = pixels; }
    left -= runs[at + 1];
  }
  const ids = new Uint8Array(pixels);
  let known = -1;
  const idsAt = (t) => {
    for (let at = starts[t], i = 0; t !== known && i < pixels; at += 2) {
      ids.fill(runs[at], i, i + runs[at + 1]);
      i += runs[at + 1];
    }
    known = t;
    return ids;
  };
  const outlineAt = (t, id) => {
    const key = `${t}/${id}`;
    if (!outlines.has(key)) outlines.set(key, traceOutline(idsAt(t), id, width));
    return outlines.get(key);
  };
  return { idsAt, outlineAt };
}

// The border of an object along the edges of its pixels: directed edges with the object on the right hand, chained into loops.
function traceOutline(ids, id, width) {
  const stride = width + 1, height = ids.length / width, next = new Map();
  const edge = (from, to) => (next.has(from) ? next.get(from).push(to) : next.set(from, [to]));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x, corner = y * stride + x;
      if (ids[i] !== id) continue;
      if (y === 0 || ids[i - width] !== id) edge(corner, corner + 1);
      if (x === width - 1 || ids[i + 1] !== id) edge(corner + 1, corner + 1 + stride);
      if (y === height - 1 || ids[i + width] !== id) edge(corner + 1 + stride, corner + stride);
      if (x === 0 || ids[i - 1] !== id) edge(corner + stride, corner);
    }
  }
  const path = new Path2D();
  for (const [first, ends] of next) {
    while (ends.length) {
      path.moveTo(first % stride, Math.floor(first / stride));
      for (let at = ends.pop(); at !== first; at = next.get(at).pop()) path.lineTo(at % stride, Math.floor(at / stride));
      path.closePath();
    }
  }
  return path;
}

// ---- panes
function makePane(model, layer, count) {
  const [height, width] = model.get("size");
  const scale = Math.max(1, Math.ceil(1400 / (Math.min(count, 3) * width)));  // sharp at two dots per CSS pixel
  const canvas = make("canvas", { width: width * scale, height: height * scale, role: "img", class: "vos-pane" });
  const value = make("span", { class: "vos-value" });
  const sample = layer.colour ? [drawSample(layer.colour, layer.dash, 2.5)] : [];
  const node = make("figure", {}, make("figcaption", {}, make("b", {}, layer.name), ...sample, value), canvas);
  const tint = Object.assign(document.createElement("canvas"), { width, height });
  const masks = layer.runs.byteLength ? readMasks(layer, width * height, width) : null;

  function draw(image) {
    const t = model.get("frame"), pen = canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.imageSmoothingEnabled = true;
    pen.drawImage(image, 0, 0, width, height);
    const shown = model.get("objects").filter((object) => !model.get("hidden").includes(object.id));
    if (masks) drawTint(pen, shown, masks.idsAt(t));
    if (masks && model.get("outline")) drawOutlines(pen, shown, t);
    value.textContent = Object.entries(layer.curves).map(([name, values]) => `${name} ${short(values[t])}`).join(" · ");
    canvas.setAttribute("aria-label", `${layer.name}, frame ${t}, ${value.textContent}`);
  }

  function drawTint(pen, shown, ids) {
    const brush = tint.getContext("2d"), picture = brush.createImageData(width, height);
    const alpha = Math.round(255 * model.get("opacity"));
    const colours = Object.fromEntries(shown.map((object) => [object.id, [...object.rgb, alpha]]));
    ids.forEach((id, i) => colours[id] && picture.data.set(colours[id], 4 * i));
    brush.putImageData(picture, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(tint, 0, 0);
  }

  function drawOutlines(pen, shown, t) {
    const line = (1.25 * (canvas.width / canvas.clientWidth || 2)) / scale;  // 1.25 CSS pixels, in pixels of the mask
    pen.lineJoin = pen.lineCap = "round";
    for (const object of shown.filter(({ id }) => id !== 255)) {
      const path = masks.outlineAt(t, object.id);
      stroke(pen, path, "#141414", 2 * line, []);
      stroke(pen, path, `rgb(${object.rgb})`, 1.4 * line, object.dash[1] ? object.dash : []);
    }
  }
  return { node, draw };
}

function stroke(pen, path, colour, width, dash) {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.setLineDash(dash.map((d) => d * width));
  pen.stroke(path);
}

function drawSample(colour, dash, thick) {
  const line = svgLine(3, 5, 33, 5, { stroke: colour, ...dashed(dash, thick) });
  return makeSvg("svg", { width: 36, height: 10, "aria-hidden": "true" }, line);
}

// ---- curves: the time line is the scores' own axis
function makeTimeline(model, layers) {
  const frames = model.get("film").length, wide = 840, left = 30, right = 12, row = 60, gap = 16, top = 6;
  const measures = [...new Set(layers.flatMap((layer) => Object.keys(layer.curves)))];
  const floor = top + Math.max(measures.length * (row + gap), 10), high = floor + 18;
  const x = (t) => left + (frames > 1 ? t / (frames - 1) : 0.5) * (wide - left - right);
  const y = (m, value) => top + m * (row + gap) + (1 - value) * row;
  const svg = makeSvg("svg", { viewBox: `0 0 ${wide} ${high}`, "aria-hidden": "true" });
  measures.forEach((measure, m) => {
    for (const level of [0, 0.5, 1]) svg.append(svgLine(left, y(m, level), wide - right, y(m, level), { stroke: "var(--faint)" }));
    svg.append(svgText(measure, 4, y(m, 0.5) + 4, "start", { "font-weight": 600 }));
    svg.append(svgText("1", left - 5, y(m, 1) + 6, "end"), svgText("0", left - 5, y(m, 0) + 3, "end"));
    const place = (value, t) => (value === null ? null : [x(t), y(m, value)]);
    for (const layer of layers) if (layer.curves[measure]) svg.append(drawCurve(layer, layer.curves[measure].map(place)));
  });
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((s) => frames / s <= 16) ?? 1000;
  for (let t = 0; t < frames; t += step) svg.append(svgText(String(t), x(t), high - 3));
  const cursor = svgLine(0, 2, 0, floor, { stroke: "var(--accent)", "stroke-width": 1.5 });
  const knob = makeSvg("circle", { cy: floor, r: 6, fill: "var(--accent)", stroke: "var(--paper)", "stroke-width": 2 });
  svg.append(svgLine(left, floor, wide - right, floor, { stroke: "var(--rule)", "stroke-width": 2 }), cursor, knob);
  const node = makeTimeSlider(frames, svg);
  listenToDrag(node, (event) => {
    const share = (shareOf(event, node)[0] * wide - left) / (wide - left - right);
    tell(model, { frame: clamp(Math.round(share * (frames - 1)), 0, frames - 1), playing: false });
    return true;
  });
  const draw = () => {
    const t = model.get("frame");
    fill(cursor, { x1: x(t), x2: x(t) });
    fill(knob, { cx: x(t) });
    fill(node, { "aria-valuenow": t, "aria-valuetext": clockText(model) });
  };
  return { node, draw };
}

function drawCurve(layer, points) {
  const steps = points.map((p, t) => (p === null ? "" : `${t > 0 && points[t - 1] ? "L" : "M"}${p[0]},${p[1]}`));
  const look = { fill: "none", stroke: layer.colour, "stroke-linejoin": "round", ...dashed(layer.dash, 2) };
  return makeSvg("path", { d: steps.join(""), ...look });
}

function clockText(model) {
  const t = model.get("frame");
  return `frame ${t} of ${model.get("film").length - 1} · ${(t / model.get("fps")).toFixed(2)} s`;
}

// ---- controls
// The legend of an object is the button that hides it.
function makeToggle(model, object) {
  const node = makeButton(`show or hide ${object.name}`, "", () => {
    const hidden = model.get("hidden"), others = hidden.filter((id) => id !== object.id);
    tell(model, { hidden: others.length < hidden.length ? others : [...hidden, object.id] });
  });
  node.classList.add("vos-object");
  node.append(drawSample(`rgb(${object.rgb})`, object.dash, 3), object.name);
  return node;
}

function makeControls(model, go) {
  const play = makeButton("play", PLAY, () => tell(model, { playing: !model.get("playing") }));
  const steps = [makeButton("one frame back", BACK, () => go(-1)), play, makeButton("one frame on", ON, () => go(1))];
  const clock = make("span", { class: "vos-clock" });
  const fade = (opacity) => tell(model, { opacity });
  const [opacity, slider] = makeRange("opacity", { min: 0, max: 1, step: 0.05 }, model.get("opacity"), fade);
  const box = make("input", { type: "checkbox" });
  box.addEventListener("change", () => tell(model, { outline: box.checked }));
  const objects = model.get("objects").map((object) => [object.id, makeToggle(model, object)]);
  const node = make("div", { class: "vos-controls" }, make("div", { class: "vos-buttons" }, ...steps), clock, opacity);
  node.append(make("label", {}, box, "outlines"), make("div", { class: "vos-buttons" }, ...objects.map(([, button]) => button)));
  const draw = () => {
    showPlaying(play, model.get("playing"));
    clock.textContent = clockText(model);
    slider.value = model.get("opacity");
    box.checked = model.get("outline");
    for (const [id, button] of objects) button.setAttribute("aria-pressed", String(!model.get("hidden").includes(id)));
  };
  return { node, draw };
}

function render({ model, el }) {
  const layers = model.get("layers"), frames = model.get("film").length;
  const film = model.get("film").map((address) => Object.assign(new Image(), { src: address }));
  const turn = (t) => tell(model, { frame: clamp(t, 0, frames - 1), playing: false });
  const go = (step) => turn(model.get("frame") + step);
  const panes = layers.map((layer) => makePane(model, layer, layers.length));
  const timeline = makeTimeline(model, layers), controls = makeControls(model, go);
  const label = "clip player: space plays, arrows step, home and end jump";
  const root = make("div", { class: "vos vos-player", role: "group", "aria-label": label });
  root.append(make("div", { class: "vos-panes" }, ...panes.map((pane) => pane.node)), timeline.node, controls.node);
  listenToKeys(root, {
    " ": () => tell(model, { playing: !model.get("playing") }),
    ArrowLeft: () => go(-1), ArrowRight: () => go(1), Home: () => turn(0), End: () => turn(frames - 1),
  });
  const draw = () => {
    const image = film[model.get("frame")];
    timeline.draw();
    controls.draw();
    if (image.complete) panes.forEach((pane) => pane.draw(image));
    else image.addEventListener("load", draw, { once: true });
  };
  el.append(root);
  draw();
  const size = new ResizeObserver(draw);  // the width of an outline hangs on that of its pane
  size.observe(root);
  const stop = watch(model, ["frame", "opacity", "outline", "playing", "hidden"], draw);
  return () => { stop(); size.disconnect(); };
}

export default { initialize: ({ model }) => keepTime(model, () => model.get("film").length), render };
