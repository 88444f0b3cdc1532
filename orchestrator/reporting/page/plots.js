// The head of the page: numbers, and how long turns took and how often scenarios passed, drawn as SVG.

const WIDTH = 420;
const LINE = 19;
const MOST_RATES = 10;
const repeated = all.filter((each) => each.attempts.length > 1 && each.statistics)
  .sort((a, b) => a.statistics.rate - b.statistics.rate);
const plotHeight = Math.max(110, Math.min(repeated.length, MOST_RATES) * LINE);

const numbers = () => {
  const met = ORDER.filter((status) => counts[status]);
  const told = [["Scenarios", grouped.format(all.length)],
    ...met.map((status) => [capital(words(status)), grouped.format(counts[status]), status]),
    ["Time", time(data.duration_ms)]];
  if (tokensOf(data.usage)) told.push(["Tokens", grouped.format(tokensOf(data.usage))]);
  if (data.cost_usd !== null) told.push(["Cost", money(data.cost_usd)]);
  const shares = [...met].reverse().map((status) => {
    const part = make("span", { class: `bg s-${status}` });
    part.style.flexGrow = counts[status];
    return part;
  });
  const spent = data.budget && data.budget.reached ? `The budget of ${money(data.budget.limit_usd)} is spent.` : "";
  return make("section", { class: "card", "aria-label": "Summary" },
    make("dl", { class: "numbers" }, ...told.map(([name, value, status]) =>
      make("div", {}, make("dt", {}, name), make("dd", status ? { class: `toned s-${status}` } : {}, value)))),
    make("div", { class: "share", "aria-hidden": "true" }, ...shares),
    data.interrupted ? make("p", { class: "note" }, "The run was interrupted: what is here is what was finished.") : null,
    spent ? make("p", { class: "note" }, spent) : null);
};

const text = (x, y, anchor, words, more) => draw("text", { x, y, "text-anchor": anchor, ...more }, words);

// Where two labels go so that neither covers the other nor leaves the plot.
const LABEL = 84;
const apart = (left, right) => {
  const close = Math.max(0, LABEL - (right - left)) / 2;
  const first = Math.max(left - close, LABEL / 2);
  const second = Math.min(Math.max(right + close, first + LABEL), WIDTH - LABEL / 2);
  return [Math.min(first, second - LABEL), second];
};

// On a logarithmic axis, so that a few slow turns do not press all others into one bar.
const latency = () => {
  const sorted = ascending(all.flatMap(times));
  if (sorted.length < 3) return null;
  const low = Math.max(1, sorted[0]), high = Math.max(low * 1.5, sorted[sorted.length - 1]);
  const bins = 28, step = WIDTH / bins;
  const share = (ms) => Math.log(Math.max(ms, low) / low) / Math.log(high / low);
  const found = new Array(bins).fill(0);
  for (const ms of sorted) found[Math.min(bins - 1, Math.floor(share(ms) * bins))] += 1;
  const most = Math.max(...found), edge = (index) => time(low * (high / low) ** (index / bins));
  const [p50, p95] = [quantile(sorted, 0.5), quantile(sorted, 0.95)];
  const svg = draw("svg", { viewBox: `0 -16 ${WIDTH} ${plotHeight + 34}`, role: "img",
    "aria-label": `Times of ${count(sorted.length, "turn")}: half within ${time(p50)}, 95 of 100 within ${time(p95)}` });
  found.forEach((n, index) => {
    const height = n && Math.max(2, (n / most) * plotHeight);
    const place = { x: index * step + 1, y: plotHeight - height, width: step - 2, height, rx: 2 };
    svg.append(draw("rect", { class: "bar", ...place },
      draw("title", {}, `${edge(index)} to ${edge(index + 1)}: ${count(n, "turn")}`)));
  });
  svg.append(draw("line", { class: "axis", x1: 0, x2: WIDTH, y1: plotHeight, y2: plotHeight }),
    text(0, plotHeight + 15, "start", time(low)), text(WIDTH, plotHeight + 15, "end", time(high)));
  const marks = [share(p50) * WIDTH, share(p95) * WIDTH], places = apart(...marks);
  [`p50 ${time(p50)}`, `p95 ${time(p95)}`].forEach((name, index) => svg.append(
    draw("line", { class: "mark", x1: marks[index], x2: marks[index], y1: -2, y2: plotHeight }),
    text(places[index], -6, "middle", name)));
  return make("section", { class: "card" }, make("h2", {}, "Time of a turn"), svg);
};

const slowest = (reveal) => {
  const took = (each) => total(each.attempts.map((attempt) => attempt.duration_ms));
  const played = data.scenarios.filter((each) => each.attempts.length);
  if (played.length < 2) return null;
  const ranked = played.sort((a, b) => took(b) - took(a)).slice(0, 5), most = took(ranked[0]) || 1;
  return make("section", { class: "card" }, make("h2", {}, "Slowest scenarios"), make("ul", { class: "slowest" },
    ...ranked.map((each) => {
      const bar = make("span", { class: "bar", "aria-hidden": "true" });
      bar.style.width = `${(took(each) / most) * 100}%`;
      return make("li", {}, make("button", { type: "button", class: "plain", onclick: () => reveal(each) }, label(each)),
        make("span", { class: "dim" }, time(took(each))), bar);
    })));
};

const rates = () => {
  if (!repeated.length) return null;
  const shown = repeated.slice(0, MOST_RATES), left = 165, height = shown.length * LINE;
  const x = (share) => left + share * (WIDTH - left - 8);
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${height + 20}`, role: "img",
    "aria-label": `Pass rates of ${count(repeated.length, "repeated scenario")}, with their intervals` });
  for (const share of [0, 0.5, 1]) {
    svg.append(draw("line", { class: "axis", x1: x(share), x2: x(share), y1: 0, y2: height }),
      text(x(share), height + 15, share === 1 ? "end" : "middle", `${share * 100} %`));
  }
  shown.forEach((each, index) => {
    const y = (index + 0.5) * LINE, { interval: [low, high], rate: found, required } = each.statistics, name = label(each);
    svg.append(draw("g", { class: `s-${each.shown}` }, draw("title", {}, `${name}: ${rate(each)}, required ${required}`),
      text(left - 10, y + 4, "end", name.length > 21 ? `${name.slice(0, 20)}…` : name, { class: "name" }),
      draw("line", { class: "toned range", x1: x(low), x2: x(high), y1: y, y2: y }),
      draw("line", { class: "need", x1: x(required), x2: x(required), y1: y - 6, y2: y + 6 }),
      found === null ? null : draw("circle", { class: "toned", cx: x(found), cy: y, r: 4 })));
  });
  const which = repeated.length > shown.length ? `The ${shown.length} lowest of ${repeated.length}. ` : "";
  return make("section", { class: "card" }, make("h2", {}, "Pass rates"), svg,
    make("p", { class: "note" }, `${which}Dot: rate. Bar: its interval. Upright line: what is required.`));
};
