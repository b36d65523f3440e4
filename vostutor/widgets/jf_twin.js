// The page's own J and F for squares: the twin of explore() and summarise() in jf_explorer.py (a test holds them together).
// It answers while the kernel thinks, and where there is no kernel. Masks are bytes with one bit a mask, as in Explored.flags.
const BIT = { gt: 1, pred: 2, gtBoundary: 4, predBoundary: 8, gtBand: 16, predBand: 32 };

function twinExplore(truth, guess, radius, world) {
  const flags = new Uint8Array(world * world);
  for (const [box, bit] of [[truth, BIT.gt], [guess, BIT.pred]]) {
    for (let y = box[0]; y < box[0] + box[2]; y++) markRow(flags, y * world + box[1], box[2], bit);
  }
  for (const [mask, edge, band] of [[BIT.gt, BIT.gtBoundary, BIT.gtBand], [BIT.pred, BIT.predBoundary, BIT.predBand]]) {
    markBoundary(flags, world, mask, edge);
    markBand(flags, world, edge, band, radius);
  }
  const counts = twinCount(flags);
  const share = (part, whole) => (whole ? part / whole : 1);
  const P = share(counts.pred_hit, counts.pred_all), R = share(counts.gt_hit, counts.gt_all);
  const J = share(counts.intersection, counts.union);
  return { flags, counts, numbers: { J, F: P + R ? (2 * P * R) / (P + R) : 0, P, R } };
}

function markRow(flags, start, length, bit) {
  for (let i = start; i < start + length; i++) flags[i] |= bit;
}

// A pixel is on the boundary where it differs from its right, lower or lower right neighbour; outside the image nothing differs.
function markBoundary(flags, world, mask, edge) {
  const on = (y, x) => (flags[y * world + x] & mask) !== 0;
  for (let y = 0; y < world; y++) {
    for (let x = 0; x < world; x++) {
      const down = Math.min(y + 1, world - 1), right = Math.min(x + 1, world - 1), here = on(y, x);
      if (here !== on(y, right) || here !== on(down, x) || here !== on(down, right)) flags[y * world + x] |= edge;
    }
  }
}

function markBand(flags, world, edge, band, radius) {
  for (let y = 0; y < world; y++) {
    for (let x = 0; x < world; x++) {
      if (!(flags[y * world + x] & edge)) continue;
      for (let dy = -radius; dy <= radius; dy++) {
        const reach = Math.floor(Math.sqrt(radius * radius - dy * dy)), row = y + dy;
        if (row < 0 || row >= world) continue;
        const from = Math.max(0, x - reach), to = Math.min(world - 1, x + reach);
        markRow(flags, row * world + from, to - from + 1, band);
      }
    }
  }
}

function twinCount(flags) {
  const counts = { intersection: 0, union: 0, pred_hit: 0, pred_all: 0, gt_hit: 0, gt_all: 0 };
  for (const f of flags) {
    if (f & BIT.gt && f & BIT.pred) counts.intersection++;
    if (f & (BIT.gt | BIT.pred)) counts.union++;
    if (f & BIT.predBoundary) counts.pred_all++;
    if (f & BIT.predBoundary && f & BIT.gtBand) counts.pred_hit++;
    if (f & BIT.gtBoundary) counts.gt_all++;
    if (f & BIT.gtBoundary && f & BIT.predBand) counts.gt_hit++;
  }
  return counts;
}

// J of two squares needs no pixels.
function twinJaccard(a, b) {
  const overlap = (p, n, q, m) => Math.max(0, Math.min(p + n, q + m) - Math.max(p, q));
  const both = overlap(a[0], a[2], b[0], b[2]) * overlap(a[1], a[2], b[1], b[2]);
  return both / (a[2] * a[2] + b[2] * b[2] - both);
}

// First and last frame of each quarter; neighbours share a frame. Halves round up, as DAVIS's nudge makes them do.
function quarterBounds(frames) {
  const edges = [0, 1, 2, 3, 4].map((k) => Math.floor(1 + (k * (frames - 1)) / 4 + 1e-10 + 0.5) - 1);
  return [0, 1, 2, 3].map((k) => [edges[k], edges[k + 1]]);
}

function meanOf(values) {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

function twinSummary(values) {
  const [first, , , last] = quarterBounds(values.length).map(([a, b]) => meanOf(values.slice(a, b + 1)));
  return { M: meanOf(values), R: meanOf(values.map((v) => (v > 0.5 ? 1 : 0))), D: first - last };
}
