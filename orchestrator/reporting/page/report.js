"use strict";
// Draws the report that stands in the page as data. Everything that was said is put in as text, never as markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const SIGNS = { passed: "✓", failed: "✕", errored: "!", inconclusive: "?", quarantined: "◌", not_run: "–" };
  const ORDER = ["failed", "errored", "inconclusive", "quarantined", "not_run", "passed"];
  const CHUNK = 200;

  // ---- small things
  const make = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === undefined || value === null || value === false) continue;
      if (name === "class") node.className = value;
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
    return node;
  };
  const draw = (tag, attributes, ...children) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const number = new Intl.NumberFormat("en-US");
  const count = (n, word) => `${number.format(n)} ${word}${n === 1 ? "" : "s"}`;
  const time = (ms) =>
    ms < 1000 ? `${Math.round(ms)} ms` : ms < 60000 ? `${(ms / 1000).toFixed(1)} s`
      : `${Math.floor(ms / 60000)} min ${Math.round((ms % 60000) / 1000)} s`;
  const money = (usd) => `$${usd === 0 || usd >= 0.01 ? usd.toFixed(2) : usd.toPrecision(2)}`;
  const words = (status) => status.replace("_", " ");
  const total = (values) => values.reduce((sum, value) => sum + value, 0);

  // ---- what is shown of a scenario
  const shownStatus = (each) => (each.quarantine && !each.quarantine.over ? "quarantined" : each.status);
  const all = [
    ...data.scenarios.map((each) => ({ ...each, shown: shownStatus(each) })),
    ...data.not_run.map((each) => ({ ...each, shown: "not_run", status: "not_run", attempts: [] })),
  ];
  const targets = [...new Set(all.map((each) => each.target).filter(Boolean))];
  const label = (each) => (targets.length > 1 ? `${each.name} on ${each.target}` : each.name);
  const failedChecks = (checks) => checks.filter((check) => !check.passed && check.weight !== 0);
  const telling = (each) =>
    each.attempts.find((attempt) => attempt.status === each.status)
    || each.attempts.find((attempt) => attempt.status !== "passed") || each.attempts[each.attempts.length - 1];
  const firstWrong = (attempt) => {
    for (const [index, turn] of attempt.turns.entries()) {
      const wrong = failedChecks(turn.checks)[0];
      if (turn.problem) return `turn ${index + 1}: ${turn.problem.message}`;
      if (wrong) return `turn ${index + 1}: ${wrong.check}: ${wrong.reason}`;
    }
    const wrong = failedChecks(attempt.checks)[0];
    return attempt.problem ? attempt.problem.message : wrong ? `${wrong.check}: ${wrong.reason}` : "";
  };
  const why = (each) => {
    if (each.shown === "not_run") return each.reason || "";
    const held = each.quarantine ? `${each.quarantine.over ? "quarantine is over" : `quarantined until ${each.quarantine.until}`}: ${each.quarantine.reason}` : "";
    const attempt = each.status === "passed" ? null : telling(each);
    return [held, attempt ? firstWrong(attempt).replace(/\s+/g, " ").slice(0, 220) : ""].filter(Boolean).join(" — ");
  };
  const rate = (each) => {
    const found = each.statistics;
    return found && each.attempts.length > 1 ? `${found.passed}/${found.passed + found.failed} passed` : "";
  };
  const duration = (each) => total(each.attempts.map((attempt) => attempt.duration_ms));
  const haystack = (each) =>
    [each.name, each.assistant, each.target, each.file, each.status, each.shown, ...Object.entries(each.case || {}).flat(), why(each)]
      .join(" ").toLowerCase();

  // ---- one scenario, opened
  const problem = (found, status) => found && make("div", { class: `problem s-${status}` },
    make("span", {}, found.message), found.hint ? make("span", { class: "hint" }, found.hint) : null);
  const check = (found) => {
    const status = found.inconclusive ? "inconclusive" : found.passed ? "passed" : found.weight === 0 ? "not_run" : "failed";
    const near = found.score > 0 && found.score < 1 ? ` score ${found.score.toFixed(2)}` : "";
    const idle = found.weight === 0 ? " weight 0: it fails nothing" : "";
    const item = make("li", { class: `s-${status}`, "data-sign": SIGNS[status] },
      make("span", { class: "name" }, found.check), make("span", { class: "hidden" }, ` ${words(status)}`),
      make("span", { class: "dim" }, near + idle));
    if (found.criteria) item.append(criteria(found.criteria));
    else if (found.passed) item.append(make("span", { class: "dim" }, ` ${found.reason}`));
    else item.append(make("pre", {}, found.reason));
    return item;
  };
  const criteria = (list) => make("div", { class: "scroll" }, make("table", {},
    make("thead", {}, make("tr", {}, ...["criterion", "verdict", "quote", "reason"].map((name) => make("th", { scope: "col" }, name)))),
    make("tbody", {}, ...list.map((each) => make("tr", {}, make("td", {}, each.criterion),
      make("td", { class: `toned s-${each.verdict === "met" ? "passed" : each.verdict === "not_met" ? "failed" : "inconclusive"}` }, words(each.verdict)),
      make("td", {}, each.quote || ""), make("td", {}, each.reason || ""))))));
  const checks = (list) => (list.length ? make("ul", { class: "checks" }, ...list.map(check)) : null);
  const call = (each) => make("div", { class: "done" }, make("b", {}, each.name),
    `(${each.invalid_arguments !== undefined ? each.invalid_arguments : JSON.stringify(each.arguments)})`,
    make("span", { class: "dim" }, "\n→ "), each.output === null ? "not answered" : each.output);
  const search = (each) => make("div", { class: "done" }, make("b", {}, "file_search"), make("span", { class: "dim" }, "\n→ "),
    each.passages.map((passage) => `${passage.file} (${passage.score.toFixed(2)})`).join(", ") || "nothing found");
  const code = (each) => make("div", { class: "done" }, make("b", {}, "code_interpreter"), `\n${each.code}`,
    make("span", { class: "dim" }, "\n→ "), each.logs + (each.images ? `\n${count(each.images, "image")}` : ""));
  const turn = (each, index, of) => {
    const cited = [...new Set(each.citations.map((found) => found.file || found.file_id))];
    const made = each.files.map((file) => file.name || file.file_id);
    const notes = [...cited.map((name) => `cites ${name}`), ...made.map((name) => `made ${name}`)];
    const used = each.usage.input_tokens + each.usage.output_tokens;
    return make("section", { class: "turn" }, make("h3", {}, `Turn ${index + 1} of ${of}${each.status === "not_run" ? ", not run" : ""}`),
      make("p", { class: "said user" }, each.user), ...(each.searches || []).map(search), ...(each.code_runs || []).map(code),
      ...each.tool_calls.map(call),
      each.reply ? make("p", { class: "said assistant" }, each.reply) : null,
      notes.length ? make("p", { class: "meta" }, ...notes.map((text) => make("span", { class: "chip" }, text))) : null,
      problem(each.problem, each.problem ? "failed" : ""), checks(each.checks),
      each.status === "not_run" ? null : make("p", { class: "meta" }, [each.status === "completed" ? "" : words(each.status), time(each.duration_ms), used ? count(used, "token") : ""].filter(Boolean).join(" · ")));
  };
  const attemptView = (attempt) => {
    const view = make("div", {}, ...attempt.turns.map((each, index) => turn(each, index, attempt.turns.length)), problem(attempt.problem, attempt.status));
    if (attempt.checks.length) view.append(make("section", { class: "whole" }, make("h3", {}, "The whole conversation"), checks(attempt.checks)));
    for (const warning of attempt.warnings || []) view.append(make("p", { class: "note" }, `Warning: ${warning.file}:${warning.line}: ${warning.message}${warning.hint ? ` (${warning.hint})` : ""}`));
    if (attempt.leftover) view.append(make("p", { class: "note" }, `Left on the target: ${attempt.leftover.message}`));
    return view;
  };
  const inside = (each) => {
    const view = make("div", { class: "inside" }, make("p", { class: "place" }, `${each.file}:${each.line} · assistant ${each.assistant}${each.target ? ` · target ${each.target}` : ""}`));
    if (each.shown === "not_run") return view.append(make("p", { class: "note" }, each.reason || "Not run."), ""), view;
    if (each.quarantine) view.append(make("p", { class: "note" }, why(each).split(" — ")[0]));
    const found = each.statistics;
    if (each.attempts.length > 1 && found) {
      const [low, high] = found.interval;
      view.append(make("p", { class: "note" }, `${rate(each)}, ${Math.round(found.confidence * 100)} % interval ${low.toFixed(2)}–${high.toFixed(2)}, required ${found.required}`));
      const place = make("div", {});
      const buttons = each.attempts.map((attempt, index) => make("button", {
        type: "button", class: `s-${attempt.status}`, "aria-pressed": "false", title: words(attempt.status),
        onclick: () => pick(index) }, `${SIGNS[attempt.status]} ${index + 1}`));
      const pick = (index) => {
        buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(at === index)));
        place.replaceChildren(attemptView(each.attempts[index]));
      };
      view.append(make("div", { class: "attempts", role: "group", "aria-label": "Attempts" }, ...buttons), place);
      pick(each.attempts.indexOf(telling(each)));
    } else if (each.attempts.length) view.append(attemptView(each.attempts[0]));
    return view;
  };
  const row = (each) => {
    const tokens = total(each.attempts.flatMap((attempt) => attempt.turns.map((found) => found.usage.input_tokens + found.usage.output_tokens)));
    const facts = [rate(each), each.attempts.length ? time(duration(each)) : "", tokens ? `${number.format(tokens)} tok` : "",
      typeof each.cost_usd === "number" ? money(each.cost_usd) : "", each.attempts.some((attempt) => attempt.recorded) ? "recorded" : "", each.taken_over ? "taken over" : ""];
    const details = make("details", { class: `row s-${each.shown}` }, make("summary", {},
      make("span", { class: "status" }, `${SIGNS[each.shown]} ${words(each.shown)}`),
      make("span", { class: "title" }, label(each)),
      make("span", { class: "facts" }, facts.filter(Boolean).join(" · ")),
      why(each) ? make("span", { class: "why" }, why(each)) : null));
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) details.append(inside(each));
    });
    return make("li", {}, details);
  };

  // ---- head: numbers, plots, matrix
  const counts = Object.fromEntries(ORDER.map((status) => [status, all.filter((each) => each.shown === status).length]));
  const usage = data.usage || { input_tokens: 0, output_tokens: 0 };
  const summary = () => {
    const numbers = [["Scenarios", number.format(all.length)],
      ...ORDER.filter((status) => counts[status]).map((status) => [words(status).replace(/^./, (c) => c.toUpperCase()), number.format(counts[status]), status]),
      ["Time", time(data.duration_ms || 0)]];
    if (usage.input_tokens + usage.output_tokens) numbers.push(["Tokens", number.format(usage.input_tokens + usage.output_tokens)]);
    if (typeof data.cost_usd === "number") numbers.push(["Cost", money(data.cost_usd)]);
    const shares = ORDER.slice().reverse().filter((status) => counts[status]).map((status) => {
      const part = make("span", { class: `bg-${status}` });
      part.style.flexGrow = counts[status];
      return part;
    });
    return make("section", { class: "card", "aria-label": "Summary" },
      make("dl", { class: "numbers" }, ...numbers.map(([name, value, status]) => make("div", {}, make("dt", {}, name), make("dd", { class: status ? `toned s-${status}` : "" }, value)))),
      make("div", { class: "share", "aria-hidden": "true" }, ...shares),
      data.interrupted ? make("p", { class: "note" }, "The run was interrupted: what is here is what was finished.") : null);
  };
  const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const latency = () => {
    const times = all.flatMap((each) => each.attempts.flatMap((attempt) => attempt.turns.filter((found) => found.status !== "not_run").map((found) => found.duration_ms)));
    if (times.length < 3) return null;
    times.sort((a, b) => a - b);
    const low = Math.max(1, times[0]), high = Math.max(low * 1.5, times[times.length - 1]), bins = 24;
    const at = (ms) => (Math.log(Math.max(ms, low) / low) / Math.log(high / low)) || 0;
    const found = new Array(bins).fill(0);
    for (const ms of times) found[Math.min(bins - 1, Math.floor(at(ms) * bins))] += 1;
    const most = Math.max(...found), w = 420, h = 110, step = w / bins;
    const p50 = quantile(times, 0.5), p95 = quantile(times, 0.95);
    const svg = draw("svg", { viewBox: `0 -14 ${w} ${h + 32}`, role: "img", "aria-label": `Time of ${times.length} turns: half within ${time(p50)}, 95 of 100 within ${time(p95)}` });
    found.forEach((n, index) => n && svg.append(draw("rect", { class: "bar", x: index * step + 1, y: h - (n / most) * h, width: step - 2, height: Math.max(1.5, (n / most) * h), rx: 1.5 })));
    svg.append(draw("line", { class: "axis", x1: 0, x2: w, y1: h, y2: h }));
    for (const [ms, name] of [[p50, "p50"], [p95, "p95"]]) {
      const x = at(ms) * w;
      svg.append(draw("line", { class: "mark", x1: x, x2: x, y1: -2, y2: h }), Object.assign(draw("text", { x, y: -5, "text-anchor": x > w * 0.8 ? "end" : x < w * 0.2 ? "start" : "middle" }), { textContent: `${name} ${time(ms)}` }));
    }
    svg.append(Object.assign(draw("text", { x: 0, y: h + 14 }), { textContent: time(low) }), Object.assign(draw("text", { x: w, y: h + 14, "text-anchor": "end" }), { textContent: time(high) }));
    return make("section", { class: "card" }, make("h2", {}, "Time of a turn"), svg);
  };
  const rates = () => {
    const repeated = all.filter((each) => each.attempts.length > 1 && each.statistics).sort((a, b) => a.statistics.rate - b.statistics.rate);
    if (!repeated.length) return null;
    const shown = repeated.slice(0, 16), left = 150, w = 420, line = 19, h = shown.length * line;
    const x = (share) => left + share * (w - left - 6);
    const svg = draw("svg", { viewBox: `0 0 ${w} ${h + 18}`, role: "img", "aria-label": `Pass rates of ${count(repeated.length, "repeated scenario")}, with their intervals` });
    for (const share of [0, 0.5, 1]) svg.append(draw("line", { class: "axis", x1: x(share), x2: x(share), y1: 0, y2: h }), Object.assign(draw("text", { x: x(share), y: h + 13, "text-anchor": share === 1 ? "end" : "middle" }), { textContent: `${share * 100} %` }));
    shown.forEach((each, index) => {
      const y = index * line + line / 2, found = each.statistics, name = label(each);
      const group = draw("g", { class: `s-${each.shown}` }, Object.assign(draw("title", {}), { textContent: `${name}: ${rate(each)}` }));
      group.append(Object.assign(draw("text", { class: "name", x: left - 10, y: y + 4, "text-anchor": "end" }), { textContent: name.length > 24 ? `${name.slice(0, 23)}…` : name }),
        draw("line", { class: "toned range", x1: x(found.interval[0]), x2: x(found.interval[1]), y1: y, y2: y }), draw("circle", { class: "toned", cx: x(found.rate || 0), cy: y, r: 4 }));
      svg.append(group);
    });
    const more = repeated.length - shown.length;
    return make("section", { class: "card" }, make("h2", {}, "Pass rates"), svg, more > 0 ? make("p", { class: "note" }, `The ${shown.length} lowest of ${repeated.length}.`) : null);
  };
  const matrix = () => {
    const column = (each) => [targets.length > 1 ? each.target : "", (each.case || {}).model || ""].filter(Boolean).join(" · ");
    const columns = [...new Set(all.map(column))];
    if (columns.filter(Boolean).length < 2) return null;
    const rowsBy = new Map();
    for (const each of all) {
      if (targets.length < 2 && !(each.case || {}).model) continue;
      const rest = Object.entries(each.case || {}).filter(([name]) => name !== "model").map(([name, value]) => (name === "row" ? value : `${name}=${value}`));
      const key = [each.base || each.name, ...rest].join(" · ");
      if (!rowsBy.has(key)) rowsBy.set(key, new Map());
      rowsBy.get(key).set(column(each), each);
    }
    const used = columns.filter((name) => [...rowsBy.values()].some((cells) => cells.has(name)));
    const cell = (each) => make("td", { class: each ? `s-${each.shown}` : "" }, each ? make("button", { type: "button", title: why(each) || words(each.shown), onclick: () => reveal(each) }, `${SIGNS[each.shown]} ${rate(each).replace(" passed", "") || words(each.shown)}`) : "");
    const body = [...rowsBy].slice(0, 300).map(([name, cells]) => make("tr", {}, make("th", { scope: "row" }, name), ...used.map((each) => cell(cells.get(each)))));
    return make("section", { class: "card" }, make("h2", {}, "Matrix"), make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Matrix" }, make("table", {},
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Scenario"), ...used.map((name) => make("th", { scope: "col" }, name || "its own model")))), make("tbody", {}, ...body))),
      rowsBy.size > 300 ? make("p", { class: "note" }, `The first 300 of ${rowsBy.size} rows.`) : null);
  };

  // ---- the list, and what is chosen of it
  const state = { q: "", status: new Set(), open: "" };
  const list = make("ul", { class: "rows" });
  const told = make("p", { class: "count", role: "status" });
  const sentinel = make("div", { "aria-hidden": "true" });
  const input = make("input", { type: "search", placeholder: "Filter: name, file, reason …   ( / )", "aria-label": "Filter scenarios", autocomplete: "off", spellcheck: "false" });
  const texts = new Map();
  let chosen = [], drawn = 0;
  const fits = (each) => {
    if (state.status.size && !state.status.has(each.shown)) return false;
    if (!state.q) return true;
    if (!texts.has(each)) texts.set(each, haystack(each));
    return state.q.toLowerCase().split(/\s+/).every((word) => texts.get(each).includes(word));
  };
  const more = () => {
    const next = chosen.slice(drawn, drawn + CHUNK);
    list.append(...next.map(row));
    drawn += next.length;
    sentinel.hidden = drawn >= chosen.length;
  };
  const rank = (each) => ORDER.indexOf(each.shown);
  const show = () => {
    chosen = all.filter(fits).sort((a, b) => rank(a) - rank(b));
    drawn = 0;
    list.replaceChildren();
    told.textContent = chosen.length === all.length ? count(all.length, "scenario") : `${number.format(chosen.length)} of ${count(all.length, "scenario")}`;
    more();
    if (!chosen.length) list.append(make("li", { class: "none" }, "Nothing fits. Esc clears the filter."));
    for (const button of buttons) button.setAttribute("aria-pressed", String(state.status.has(button.dataset.status)));
  };
  const reveal = (each) => {
    if (!fits(each)) Object.assign(state, { q: "", status: new Set() }), (input.value = ""), show();
    while (chosen.indexOf(each) >= drawn && drawn < chosen.length) more();
    const item = list.children[chosen.indexOf(each)];
    item.firstChild.open = true;
    item.scrollIntoView({ block: "start" });
    item.querySelector("summary").focus({ preventScroll: true });
    state.open = label(each);
    remember();
  };
  const remember = () => {
    const parts = new URLSearchParams();
    if (state.q) parts.set("q", state.q);
    if (state.status.size) parts.set("status", [...state.status].join(","));
    if (state.open) parts.set("open", state.open);
    history.replaceState(null, "", parts.size ? `#${parts}` : location.pathname + location.search);
  };
  const buttons = ORDER.filter((status) => counts[status]).map((status) => make("button", {
    type: "button", class: `s-${status}`, "data-status": status, "aria-pressed": "false",
    onclick: () => { if (!state.status.delete(status)) state.status.add(status); state.open = ""; remember(); show(); },
  }, `${SIGNS[status]} ${number.format(counts[status])} ${words(status)}`));
  input.addEventListener("input", () => { state.q = input.value.trim(); state.open = ""; remember(); show(); });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement;
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); input.focus(); input.select(); }
    if (event.key === "Escape" && (state.q || state.status.size)) { state.q = input.value = ""; state.status.clear(); remember(); show(); }
  });
  const follow = () => {
    const parts = new URLSearchParams(location.hash.slice(1));
    state.q = input.value = parts.get("q") || "";
    state.status = new Set((parts.get("status") || "").split(",").filter((status) => ORDER.includes(status)));
    show();
    const open = all.find((each) => label(each) === parts.get("open"));
    if (open) reveal(open);
  };

  // ---- light and dark
  const themes = ["auto", "light", "dark"];
  const theme = make("button", { type: "button", class: "icon" });
  const dress = (name) => {
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    theme.textContent = { auto: "◐ Auto", light: "☀ Light", dark: "☾ Dark" }[name];
    theme.setAttribute("aria-label", `Colours: ${name}`);
  };
  const kept = (() => { try { return localStorage.getItem("orch-theme"); } catch { return null; } })();
  let worn = new URLSearchParams(location.hash.slice(1)).get("theme") || kept || "auto";
  if (!themes.includes(worn)) worn = "auto";
  theme.addEventListener("click", () => {
    worn = themes[(themes.indexOf(worn) + 1) % themes.length];
    dress(worn);
    try { localStorage.setItem("orch-theme", worn); } catch { /* a file may not be allowed to keep anything */ }
  });
  dress(worn);

  // ---- the page
  const plots = [latency(), rates()].filter(Boolean);
  document.querySelector("header.top .wide").append(theme);
  document.querySelector("main").replaceChildren(
    make("div", { class: "wide" }, summary(), plots.length ? make("div", { class: "plots" }, ...plots) : null, matrix()),
    make("div", { class: "bar-top" }, make("div", { class: "wide tools", role: "search" }, input, ...buttons)),
    make("div", { class: "wide" }, told, list, sentinel));
  new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting) && drawn < chosen.length) more(); }, { rootMargin: "800px" }).observe(sentinel);
  window.addEventListener("hashchange", follow);
  follow();
})();
