// How the correlation probe draws: scores as tints, arrows, marks. Best and true differ by line and mark, not by colour alone.
const VIRIDIS = [[68, 1, 84], [71, 45, 123], [59, 82, 139], [44, 114, 142], [33, 145, 140], [40, 174, 128], [94, 201, 98], [173, 220, 48], [253, 231, 37]];
const BEST = { colour: "#d55e00", dash: [] }, TRUE = { colour: "#56b4e9", dash: [9, 6] }, RIM = "#141414";

function viridis(share) {
  const at = clamp(share, 0, 1) * (VIRIDIS.length - 1), low = Math.min(Math.floor(at), VIRIDIS.length - 2), part = at - low;
  return VIRIDIS[low].map((v, k) => Math.round(v + part * (VIRIDIS[low + 1][k] - v)));
}

// A score's share of the way from the lowest to the highest of its window; a half where all are equal.
function shareIn(scores) {
  const known = scores.filter(Number.isFinite), low = Math.min(...known), high = Math.max(...known);
  return { low, high, of: (score) => (high > low ? (score - low) / (high - low) : 0.5) };
}

// Every score as a square around (x, y) + its displacement, `side` wide; what has no score stays empty. Edges fall on whole
// pixels, or neighbours would show a seam.
function drawScores(pen, scores, [x, y], apart, side, opacity) {
  const n = Math.sqrt(scores.length), reach = (n - 1) / 2, share = shareIn(scores);
  scores.forEach((score, i) => {
    if (!Number.isFinite(score)) return;
    pen.fillStyle = `rgba(${viridis(share.of(score))},${opacity(share.of(score))})`;
    const [left, top] = [x + ((i % n) - reach) * apart, y + (Math.floor(i / n) - reach) * apart].map((v) => v - side / 2);
    const [a, b, c, d] = [left, top, left + side, top + side].map(Math.round);
    pen.fillRect(a, b, c - a, d - b);
  });
}

// A line from a to b with a dark rim, and at its end the mark of its kind. `unit` is the width of a line.
function drawArrow(pen, a, b, look, unit, mark) {
  const line = (colour, width, dash) => {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.setLineDash(dash);
    pen.beginPath();
    pen.moveTo(...a);
    pen.lineTo(...b);
    pen.stroke();
    pen.setLineDash([]);
  };
  line(RIM, 2.2 * unit, []);
  line(look.colour, 1.1 * unit, look.dash.map((d) => (d * unit) / 3));
  mark(pen, b, 2.6 * unit);
}

function markBest(pen, [x, y], r) {
  pen.beginPath();
  pen.arc(x, y, r, 0, 7);
  rimmed(pen, BEST.colour, RIM, r / 3.2);
}

function markTrue(pen, [x, y], r) {
  const far = 1.35 * r;
  pen.beginPath();
  for (const [dx, dy] of [[far, 0], [0, far], [-far, 0], [0, -far]]) pen.lineTo(x + dx, y + dy);
  pen.closePath();
  rimmed(pen, null, RIM, r / 1.1);
  rimmed(pen, null, TRUE.colour, r / 2);
}

// The pixel itself: a cross with an open middle, so that one sees what is under it.
function markPixel(pen, [x, y], r) {
  for (const [colour, width] of [[RIM, 0.75 * r], ["#fff", 0.36 * r]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      pen.moveTo(x + 0.6 * r * dx, y + 0.6 * r * dy);
      pen.lineTo(x + 1.8 * r * dx, y + 1.8 * r * dy);
    }
    pen.stroke();
  }
}

function rimmed(pen, fill, stroke, width) {
  if (fill) {
    pen.fillStyle = fill;
    pen.fill();
  }
  pen.strokeStyle = stroke;
  pen.lineWidth = width;
  pen.stroke();
}

function drawFrame(pen, x, y, wide, high, unit) {
  for (const [colour, dash] of [["#fff", []], [RIM, [2 * unit, 2 * unit]]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = 0.7 * unit;
    pen.setLineDash(dash);
    pen.strokeRect(x, y, wide, high);
  }
  pen.setLineDash([]);
}

// A line and its mark, for the legend.
function sampleOf(look, mark) {
  const canvas = make("canvas", { width: 76, height: 26, class: "vos-mark", "aria-hidden": "true" });
  canvas.style.width = "38px";
  drawArrow(canvas.getContext("2d"), [4, 13], [60, 13], look, 3.2, mark);
  return canvas;
}
