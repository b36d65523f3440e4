// The page's own reading of a window of scores: the twin of probe_scores.py (a test holds them together).
// Letters: r radius of the window in cells, s the stride of its steps, n steps per axis; a cell is `stride` pixels wide.
const NEARLY = 0.25, THIN = 0.75, LONG = 1.3, FILLED = 2.2;  // as in probe_scores.py, where they are explained
const FLOW_FRACTION = 32, FLOW_UNKNOWN = -32768;

// Where every pixel went, by pixel: what the kernel packed once.
function openFlow(model) {
  const [height, width] = model.get("size"), every = model.get("every"), stored = model.get("flow"), bits = model.get("hidden");
  const columns = Math.ceil((width - (every >> 1)) / every), rows = Math.ceil((height - (every >> 1)) / every);
  const codes = new Int16Array(stored.buffer.slice(stored.byteOffset, stored.byteOffset + stored.byteLength));
  const at = (x, y) => clamp(Math.floor(y / every), 0, rows - 1) * columns + clamp(Math.floor(x / every), 0, columns - 1);
  const moved = (i) => (codes[i] === FLOW_UNKNOWN ? null : [codes[i] / FLOW_FRACTION, codes[i + rows * columns] / FLOW_FRACTION]);
  return {
    rows, columns, every, moved,
    of: (x, y) => moved(at(x, y)),
    hidden: (x, y) => ((bits.getUint8(at(x, y) >> 3) >> (7 - (at(x, y) & 7))) & 1) === 1,
    snap: (x, y) => [[x, columns], [y, rows]].map(([v, n]) => clamp(Math.floor(v / every), 0, n - 1) * every + (every >> 1)),
  };
}

function cellOf(x, y, stride, [rows, columns]) {
  return [Math.min(Math.floor(y / stride), rows - 1), Math.min(Math.floor(x / stride), columns - 1)];
}

// The stored scores of the cell nearest to this one, cut to the window; with them the cell that they are of.
function takeStored(stored, [row, column], r, s) {
  const { every, rows, columns, radius, low, high } = stored, side = 2 * radius + 1;
  const codes = new Uint8Array(stored.codes.buffer, stored.codes.byteOffset, stored.codes.byteLength);
  const [i, j] = [[row, rows], [column, columns]].map(([at, n]) => clamp(Math.floor(at / every), 0, n - 1));
  const reach = Math.floor(r / s), n = 2 * reach + 1, scores = [];
  for (let k = 0; k < n * n; k++) {
    const dy = radius + (Math.floor(k / n) - reach) * s, dx = radius + ((k % n) - reach) * s;
    const code = codes[(i * columns + j) * side * side + dy * side + dx];
    scores.push(code === 255 ? NaN : low + ((high - low) * code) / 254);
  }
  return { scores, cell: [i * every + (every >> 1), j * every + (every >> 1)] };
}

// place: { x, y, radius, step, reach }. Displacements come out in cells, as [across, down].
function readSlice(scores, place, flow, hidden, size, stride) {
  const n = 2 * place.reach + 1, known = scores.filter(Number.isFinite), numbers = { count: known.length };
  const cells = (steps) => steps && steps.map((k) => k * place.step);
  const { fate, steps } = tellFate(place, flow, hidden, size, stride, numbers);
  const inside = fate === "hidden" || fate === "inside", true_ = inside ? steps : null;
  const best_score = known.reduce((a, b) => Math.max(a, b), -Infinity), least = known.reduce((a, b) => Math.min(a, b), Infinity);
  if (!known.length || best_score === least) {
    const said = [known.length ? "flat" : "none", ...(fate === "inside" ? [] : [fate])];
    return { said, numbers, best: null, best_score: null, true: cells(true_), true_score: null, rank: null };
  }
  const at = scores.indexOf(best_score), best = [(at % n) - place.reach, Math.floor(at / n) - place.reach];
  const shape = tellShape(scores, known, best_score, n, numbers);
  let told = fate, true_score = null, rank = null;
  if (inside) {
    true_score = scores[(true_[1] + place.reach) * n + true_[0] + place.reach];
    rank = 1 + known.filter((score) => score > true_score).length;
  }
  if (fate === "inside") {
    const apart = Math.max(Math.abs(best[0] - true_[0]), Math.abs(best[1] - true_[1]));
    told = apart === 0 ? "right" : apart === 1 ? "close" : "wrong";
  }
  const said = [told, ...(numbers.gap ? ["gap"] : []), ...(inside || fate === "unknown" ? [shape] : [])];
  return { said, numbers, best: cells(best), best_score, true: cells(true_), true_score, rank };
}

function tellFate(place, flow, hidden, [height, width], stride, numbers) {
  if (!flow) return { fate: "unknown", steps: null };
  const wide = stride * place.step, steps = flow.map((v) => Math.floor(v / wide + 0.5));
  const [x, y] = [place.x + flow[0], place.y + flow[1]], far = Math.max(...steps.map(Math.abs));
  if (x < -0.5 || x >= width - 0.5 || y < -0.5 || y >= height - 0.5) return { fate: "left", steps };
  if (far > place.reach) {
    numbers.need = far * place.step;
    return { fate: "outside", steps };
  }
  const beside = Math.max(...flow.map((v, k) => Math.abs(v / stride - steps[k] * place.step)));
  if (beside > 0.5) numbers.gap = (Math.floor(beside * stride * 10 + 0.5) / 10).toFixed(1);
  return { fate: hidden ? "hidden" : "inside", steps };
}

function tellShape(scores, known, best, n, numbers) {
  const sorted = Float64Array.from(known).sort(), half = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  const near = [...scores.keys()].filter((i) => scores[i] >= best - NEARLY * (best - median));
  const mean = (of) => near.reduce((sum, i) => sum + of(i), 0) / near.length;
  const column = (i) => i % n, row = (i) => Math.floor(i / n), x0 = mean(column), y0 = mean(row);
  const xx = mean((i) => (column(i) - x0) ** 2), yy = mean((i) => (row(i) - y0) ** 2), xy = mean((i) => (column(i) - x0) * (row(i) - y0));
  const middle = (xx + yy) / 2, apart = Math.hypot((xx - yy) / 2, xy);
  const long = Math.sqrt(middle + apart), thin = Math.sqrt(Math.max(middle - apart, 0));
  numbers.near = near.length;
  if (long < LONG) return "peak";
  return near.length >= FILLED * long && thin < Math.max(THIN, long / 3) ? "ridge" : "spread";
}

// The reading as sentences: the words come from the kernel's table.
function sayReading(words, { said, numbers }) {
  return said.map((key) => words[key].replace(/\{(\w+)\}/g, (_, name) => numbers[name])).join(" ");
}

// Which pixels of the lattice move like that: a byte each.
function pickFlow(flow, motion, tolerance) {
  const picked = new Uint8Array(flow.rows * flow.columns);
  for (let i = 0; i < picked.length; i++) {
    const moved = flow.moved(i);
    if (moved && Math.hypot(moved[0] - motion[0], moved[1] - motion[1]) <= tolerance) picked[i] = 1;
  }
  return picked;
}
