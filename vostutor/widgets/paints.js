// Pictures with painted pixels: what each pixel is comes as a code, in runs (see packing.py); what a code looks like is a paint.
function expandRuns(view, length) {
  const runs = new Uint16Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength)), codes = new Uint8Array(length);
  for (let at = 0, i = 0; at < runs.length; at += 2) { codes.fill(runs[at], i, i + runs[at + 1]); i += runs[at + 1]; }
  return codes;
}

// What `squeeze` in packing.py made smaller.
async function inflate(view) {
  return new DataView(await new Response(new Blob([view]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer());
}

// How much of its pixel a paint covers: a small tile, `cover` in verdicts.py, laid side by side.
function coverOf({ cover, period }, x, y) {
  return cover[(y % period) * period + (x % period)];
}

// Draws an image and its painted pixels with a pen, `scale` times as large.
function makeBrush(list, width, height) {
  const tint = Object.assign(document.createElement("canvas"), { width, height });
  const paints = Object.fromEntries(list.map((paint) => [paint.code, paint]));
  return (pen, scale, image, codes) => {
    const brush = tint.getContext("2d"), picture = brush.createImageData(width, height);
    codes.forEach((code, i) => {
      const look = paints[code];
      if (look) picture.data.set([...look.rgb, 255 * coverOf(look, i % width, Math.floor(i / width))], 4 * i);
    });
    brush.putImageData(picture, 0, 0);
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.imageSmoothingEnabled = true;
    pen.drawImage(image, 0, 0, width, height);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(tint, 0, 0);
  };
}

// What the paints mean, each with its pattern.
function makeKey(model) {
  const wide = 18, high = 12;
  const samples = model.get("paints").map((paint) => {
    const canvas = make("canvas", { width: wide, height: high, class: "vos-swatch", "aria-hidden": "true" }), pen = canvas.getContext("2d");
    for (let i = 0; i < wide * high; i++) {
      const [x, y] = [i % wide, Math.floor(i / wide)];
      pen.fillStyle = `rgba(${paint.rgb},${coverOf(paint, x, y)})`;
      pen.fillRect(x, y, 1, 1);
    }
    return make("label", {}, canvas, paint.word);
  });
  return make("div", { class: "vos-controls" }, ...samples);
}
