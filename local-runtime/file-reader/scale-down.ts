/** Scales pixels down by the mean of what falls onto each, over white where they are transparent. Pure. */

/** Rows of RGBA. */
export interface Pixels {
  data: Uint8ClampedArray;
  width: number;
  height: number;
}

const WHITE = 255;

/** Opaque, and its longer side no longer than `maxSide`. */
export function scaleDown(pixels: Pixels, maxSide: number): Pixels {
  const { width, height } = pixels;
  const factor = Math.min(1, maxSide / Math.max(width, height));
  const to = {
    width: Math.max(1, Math.round(width * factor)),
    height: Math.max(1, Math.round(height * factor)),
  };
  const data = new Uint8ClampedArray(to.width * to.height * 4);
  for (let y = 0; y < to.height; y += 1) {
    const [top, bottom] = spanOf(y, to.height, height);
    for (let x = 0; x < to.width; x += 1) {
      const [left, right] = spanOf(x, to.width, width);
      putMean(pixels, [left, top, right, bottom], data, (y * to.width + x) * 4);
    }
  }
  return { data, ...to };
}

/** Which of `length` places fall onto place `index` of `parts`: one at least. */
function spanOf(index: number, parts: number, length: number): [number, number] {
  const start = Math.floor((index * length) / parts);
  return [start, Math.max(start + 1, Math.floor(((index + 1) * length) / parts))];
}

function putMean(
  { data, width }: Pixels,
  [left, top, right, bottom]: [number, number, number, number],
  into: Uint8ClampedArray,
  at: number,
): void {
  let [red, green, blue] = [0, 0, 0];
  for (let y = top; y < bottom; y += 1)
    for (let from = (y * width + left) * 4; from < (y * width + right) * 4; from += 4) {
      const alpha = (data[from + 3] ?? 0) / WHITE;
      const white = WHITE * (1 - alpha);
      red += (data[from] ?? 0) * alpha + white;
      green += (data[from + 1] ?? 0) * alpha + white;
      blue += (data[from + 2] ?? 0) * alpha + white;
    }
  const count = (right - left) * (bottom - top);
  into[at] = Math.round(red / count);
  into[at + 1] = Math.round(green / count);
  into[at + 2] = Math.round(blue / count);
  into[at + 3] = WHITE;
}
