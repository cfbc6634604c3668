/** Draws seconds over rows, both axes logarithmic, as SVG: where costs grow as the rows do, lines rise by one decade a decade. */

export interface Line {
  readonly title: string;
  readonly points: readonly { readonly rows: number; readonly seconds: number }[];
}

const width = 720;
const height = 440;
const plot = { left: 64, right: 470, top: 24, bottom: 384 };
/** Distinguishable without colours too: each has its own dashes. */
const strokes = [
  ["#1f6feb", ""],
  ["#bf3989", "8 4"],
  ["#1a7f37", "2 4"],
  ["#bc4c00", "10 4 2 4"],
] as const;

export function drawChart(lines: readonly Line[]): string {
  const all = lines.flatMap((line) => line.points);
  const x = logScale(
    all.map((point) => point.rows),
    plot.left,
    plot.right,
  );
  const y = logScale(
    all.map((point) => point.seconds),
    plot.bottom,
    plot.top,
  );
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
    `<title>Seconds over rows; both axes are logarithmic</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...x.decades.map((rows) => gridLine(x.at(rows), plot.top, x.at(rows), plot.bottom)),
    ...x.decades.map((rows) => text(x.at(rows), plot.bottom + 20, countOf(rows), "middle")),
    ...y.decades.map((seconds) => gridLine(plot.left, y.at(seconds), plot.right, y.at(seconds))),
    ...y.decades.map((seconds) => text(plot.left - 8, y.at(seconds) + 4, `${seconds}`, "end")),
    text((plot.left + plot.right) / 2, plot.bottom + 44, "rows", "middle"),
    text(plot.left - 8, plot.top - 8, "seconds", "middle"),
    ...lines.flatMap((line, index) => drawLine(line, index, x.at, y.at)),
    `</svg>`,
  ];
  return `${parts.join("\n")}\n`;
}

function drawLine(
  { title, points }: Line,
  index: number,
  x: (value: number) => number,
  y: (value: number) => number,
): readonly string[] {
  const [color, dashes] = strokes[index % strokes.length]!;
  const places = points.map(({ rows, seconds }) => [round(x(rows)), round(y(seconds))] as const);
  const legend = plot.top + 20 + index * 24;
  const style = `stroke="${color}" stroke-width="2" stroke-dasharray="${dashes}" fill="none"`;
  return [
    `<polyline points="${places.map((place) => place.join(",")).join(" ")}" ${style}/>`,
    ...places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3.5" fill="${color}"/>`),
    `<line x1="${plot.right + 16}" y1="${legend}" x2="${plot.right + 46}" y2="${legend}" ${style}/>`,
    text(plot.right + 52, legend + 4, title, "start"),
  ];
}

interface Scale {
  at(value: number): number;
  /** Powers of ten within the axis, its ends included. */
  readonly decades: readonly number[];
}

function logScale(values: readonly number[], from: number, to: number): Scale {
  const low = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
  return {
    at: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
    decades: Array.from({ length: high - low + 1 }, (_, i) => Number(`1e${low + i}`)),
  };
}

const round = (value: number): number => Math.round(value * 10) / 10;

function countOf(rows: number): string {
  return rows >= 1_000_000 ? `${rows / 1_000_000} M` : `${rows}`;
}

function gridLine(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="#d8dee4"/>`;
}

function text(x: number, y: number, content: string, anchor: "start" | "middle" | "end"): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${content}</text>`;
}
