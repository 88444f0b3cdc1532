// Scenarios in rows, targets and models in columns; there where a run has several of them.

const MOST_ROWS = 300;
const column = (each) => [targets.length > 1 ? each.target : "", each.case.model || ""].filter(Boolean).join(" · ");
const matrixRow = (each) => {
  const rest = Object.entries(each.case).filter(([name]) => name !== "model");
  return [each.base, ...rest.map(([name, value]) => (name === "row" ? value : `${name}=${value}`))].join(" · ");
};

const matrix = (reveal) => {
  const inMatrix = all.filter((each) => targets.length > 1 || each.case.model);
  const columns = [...new Set(inMatrix.map(column))];
  if (columns.length < 2) return null;
  const rows = new Map();
  for (const each of inMatrix) {
    const name = matrixRow(each);
    if (!rows.has(name)) rows.set(name, new Map());
    rows.get(name).set(column(each), each);
  }
  const head = (name) => {
    const mine = inMatrix.filter((each) => column(each) === name), took = ascending(mine.flatMap(times));
    const passed = `${mine.filter((each) => each.shown === "passed").length}/${mine.length} passed`;
    return make("th", { scope: "col" }, name || "its own model",
      make("small", {}, [passed, took.length ? `p50 ${time(quantile(took, 0.5))}` : ""].filter(Boolean).join(" · ")));
  };
  const cell = (each) => {
    if (!each) return make("td", { class: "dim" }, "·");
    const often = rate(each) ? make("small", {}, ` ${rate(each).replace(" passed", "")}`) : null;
    return make("td", { class: `s-${each.shown}` },
      make("button", { type: "button", title: why(each) || words(each.shown), onclick: () => reveal(each) },
        `${SIGNS[each.shown]} ${words(each.shown)}`, often));
  };
  const body = make("tbody", {});
  const left = make("p", { class: "note" });
  const heads = make("tr", {}, make("th", { scope: "col" }, "Scenario"), ...columns.map(head));
  const node = make("section", { class: "card" }, make("h2", {}, "Matrix"),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Matrix" },
      make("table", { class: "matrix" }, make("thead", {}, heads), body)), left);
  // Shows the rows of which something is chosen.
  const choose = (chosen) => {
    const some = [...rows].filter(([, cells]) => [...cells.values()].some((each) => chosen.has(each)));
    body.replaceChildren(...some.slice(0, MOST_ROWS).map(([name, cells]) =>
      make("tr", {}, make("th", { scope: "row" }, name), ...columns.map((each) => cell(cells.get(each))))));
    left.textContent = some.length > MOST_ROWS ? `The first ${MOST_ROWS} of ${some.length} rows; filter for others.` : "";
    node.hidden = !some.length;
  };
  return { node, choose };
};
