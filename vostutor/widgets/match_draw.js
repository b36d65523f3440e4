// How the match probe draws: three frames in one picture, whose each place is, and maps in tints with their scale.
const GAP = 26;  // between two frames, in units of the picture, which the lines cross

// Whose each place is: a faint tint inside and a line in the label's own dash around it, along the edges of the places.
function drawLabels(pen, labels, looks, [rows, columns], [x0, y0], side) {
  labels.forEach((label, i) => {
    if (!label || label === 255) return;
    const row = Math.floor(i / columns), column = i % columns, at = (r, c) => (r < 0 || c < 0 || r >= rows || c >= columns ? -1 : labels[r * columns + c]);
    const [x, y] = [x0 + column * side, y0 + row * side], { colour } = looks[label];
    pen.fillStyle = `${colour}38`;
    pen.fillRect(x, y, side, side);
    const edges = [[-1, 0, x, y, x + side, y], [1, 0, x, y + side, x + side, y + side], [0, -1, x, y, x, y + side], [0, 1, x + side, y, x + side, y + side]];
    for (const [dr, dc, ...line] of edges) {
      if (at(row + dr, column + dc) !== label) drawEdge(pen, line, looks[label], side);
    }
  });
}

function drawEdge(pen, [a, b, c, d], { colour, dash }, side) {
  const wide = Math.min(side / 4.5, 5);
  for (const [stroke, width, dashes] of [["rgba(20,20,20,.65)", 1.7 * wide, []], [colour, wide, dash[1] ? [side / 2, side / 4] : []]]) {
    pen.strokeStyle = stroke;
    pen.lineWidth = width;
    pen.setLineDash(dashes);
    pen.beginPath();
    pen.moveTo(a, b);
    pen.lineTo(c, d);
    pen.stroke();
  }
  pen.setLineDash([]);
}

// A frame darkened outside a box, and the box around.
function drawWindow(pen, [x, y, wide, high], [left, top, right, bottom], unit) {
  pen.fillStyle = "rgba(20,20,20,.42)";
  pen.fillRect(x, y, wide, top - y);
  pen.fillRect(x, bottom, wide, y + high - bottom);
  pen.fillRect(x, top, left - x, bottom - top);
  pen.fillRect(right, top, x + wide - right, bottom - top);
  drawFrame(pen, left, top, right - left, bottom - top, unit);
}

// A place, as a square that leaves it open.
function markPlace(pen, [x, y], side, colour, width) {
  for (const [stroke, wide] of [[RIM, 2 * width], [colour, width]]) {
    pen.strokeStyle = stroke;
    pen.lineWidth = wide;
    pen.strokeRect(x - side / 2, y - side / 2, side, side);
  }
}

// A map in tints, one square a place; `of` gives the share of the way from dark to bright.
function makeMap([rows, columns]) {
  const zoom = Math.max(2, Math.round(320 / columns)), sheet = document.createElement("canvas");
  const canvas = make("canvas", { width: columns * zoom, height: rows * zoom, role: "img", class: "vos-aim" }), pen = canvas.getContext("2d");
  const value = make("b"), note = make("span", { class: "vos-dim" }), node = make("figure", {}, make("figcaption", {}, value, note), canvas);
  fill(sheet, { width: columns, height: rows });
  function draw(of, [row, column], [said, wins], window_) {
    const brush = sheet.getContext("2d"), picture = brush.createImageData(columns, rows);
    for (let i = 0; i < rows * columns; i++) picture.data.set([...viridis(of(i)), 255], 4 * i);
    brush.putImageData(picture, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(sheet, 0, 0, canvas.width, canvas.height);
    if (window_) drawFrame(pen, ...window_.map((v) => v * zoom), 1.5);
    markPlace(pen, [(column + 0.5) * zoom, (row + 0.5) * zoom], 2.4 * zoom, "#fff", 2);
    value.textContent = said;
    note.textContent = wins;
    canvas.setAttribute("aria-label", `${canvas.dataset.name}, at the place ${said} ${wins}`);
  }
  return { node, canvas, draw };
}

// Arrows, home and a drag move a place; what has it under the pointer is told in shares of rows and columns.
function listenToPlaces(canvas, model, name, [rows, columns], toShare) {
  const put = (row, column) => tell(model, { [name]: [clamp(row, 0, rows - 1), clamp(column, 0, columns - 1)] });
  const move = (dr, dc) => () => put(model.get(name)[0] + dr, model.get(name)[1] + dc);
  listenToDrag(canvas, (event) => {
    const [x, y] = toShare(shareOf(event, canvas));
    put(Math.floor(y * rows), Math.floor(x * columns));
    return true;
  });
  listenToKeys(canvas, { ArrowLeft: move(0, -1), ArrowRight: move(0, 1), ArrowUp: move(-1, 0), ArrowDown: move(1, 0), Home: () => put(rows >> 1, columns >> 1) });
}

// The scale of all maps: near or sure is bright.
function makeScale(limit) {
  const end = limit < 1 ? `${short(limit)} and more` : "1";
  return make("div", { class: "vos-scale" }, make("span", {}, `distance ${end}`), make("i"), make("span", {}, "0"),
    make("span", {}, "· probability 0"), make("i"), make("span", {}, "1"), make("span", {}, "· one scale for all maps: bright speaks for the label"));
}
