// J of every frame of the explorer: outer quarters shaded, D the arrow from the first one's mean to the last one's.
const FIRST = "#56b4e9", LAST = "#e69f00", BAR = "#0072b2", ARROW = "#d55e00";

function makeCurve(model, turn) {
  const frames = model.get("boxes").length, wide = 840, high = 150, left = 34, right = 130, top = 16, floor = 128;
  const step = (wide - left - right) / frames, bounds = quarterBounds(frames);
  const x = (t) => left + (t + 0.5) * step, y = (v) => floor - v * (floor - top);
  const svg = makeSvg("svg", { viewBox: `0 0 ${wide} ${high}`, "aria-hidden": "true" });
  const node = makeTimeSlider(frames, svg);
  listenToDrag(node, (event) => {
    turn(Math.floor((shareOf(event, node)[0] * wide - left) / step));
    return true;
  });
  const bar = (t, share, y1, y2, look) => {
    svg.append(makeSvg("rect", { x: x(t) - share * step, width: 2 * share * step, y: y1, height: y2 - y1, ...look }));
  };

  function draw({ curve, summary, by }) {
    const values = curve.map((v) => clamp(v ?? 0, 0, 1)), here = model.get("frame");
    svg.replaceChildren();
    drawGround();
    values.forEach((v, t) => {  // a bar that recall does not count is hollow
      const hollow = { fill: "var(--paper)", stroke: BAR, "stroke-dasharray": "3 2" };
      bar(t, 0.3, y(v), floor, v > 0.5 ? { fill: BAR } : hollow);
      svg.append(svgText(String(t), x(t), high - 6, "middle", t === here ? { "font-weight": 700 } : {}));
    });
    bar(here, 0.42, top, high - 2, { fill: "none", stroke: "var(--accent)", "stroke-width": 2, rx: 3 });
    drawDecay(...[bounds[0], bounds[3]].map(([a, b]) => meanOf(values.slice(a, b + 1))));
    writeSummary(summary);
    svg.classList.toggle("vos-waiting", by === "waiting");
    const sum = `mean ${short(summary.M)}, recall ${short(summary.R)}, decay ${short(summary.D)}`;
    fill(node, { "aria-valuenow": here, "aria-valuetext": `frame ${here}, J ${short(curve[here])}; ${sum}` });
  }

  function drawGround() {
    for (const [[a, b], word, colour] of [[bounds[0], "first quarter", FIRST], [bounds[3], "last quarter", LAST]]) {
      const place = { x: x(a) - step / 2, width: (b - a + 1) * step, y: top - 14, height: floor - top + 14 };
      svg.append(makeSvg("rect", { ...place, fill: colour, opacity: 0.2 }));
      svg.append(svgText(word, (x(a) + x(b)) / 2, top - 4));
    }
    for (const [level, word, dash] of [[0, "0", "none"], [0.5, ".5", "3 4"], [1, "1", "none"]]) {
      svg.append(svgLine(left, y(level), wide - right, y(level), { stroke: "var(--rule)", "stroke-dasharray": dash }));
      svg.append(svgText(word, left - 12, y(level) + 4));
    }
    svg.append(svgText("J", 8, y(0.5) + 4, "middle", { "font-weight": 600 }));
  }

  function drawDecay(first, last) {
    const at = wide - right + 14, bold = { stroke: "var(--ink)", "stroke-width": 1.6 };
    const level = ([a, b], mean) => svgLine(x(a) - step / 2, y(mean), x(b) + step / 2, y(mean), bold);
    svg.append(level(bounds[0], first), level(bounds[3], last));
    svg.append(svgLine(x(bounds[0][1]) + step / 2, y(first), at, y(first), { stroke: "var(--dim)", "stroke-dasharray": "1 4" }));
    if (Math.abs(y(first) - y(last)) < 3) return;
    const back = first > last ? -8 : 8;
    svg.append(svgLine(at, y(first), at, y(last) + back / 2, { stroke: ARROW, "stroke-width": 2.5 }));
    svg.append(makeSvg("path", { d: `M${at},${y(last)} l-5,${back} h10 Z`, fill: ARROW }));
  }

  function writeSummary({ M, R, D }) {
    [["mean", M], ["recall", R], ["decay", D]].forEach(([word, value], i) => {
      const style = `font-size:13px;fill:${word === "decay" ? ARROW : "var(--ink)"}`;
      svg.append(svgText(`${word} ${short(value, 3)}`, wide - right + 30, top + 24 + 24 * i, "start", { style }));
    });
  }
  return { node, draw };
}
