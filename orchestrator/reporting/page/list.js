// The list of scenarios, and what is chosen of it: by status, by text, by the page's address.

const CHUNK = 200;
const MOST_OPENED = 100;
const state = { q: "", status: new Set(), open: "" };
const rows = make("ul", { class: "rows" });
const told = make("p", { class: "count", role: "status" });
const sentinel = make("div", { "aria-hidden": "true" });
const input = make("input", { type: "search", placeholder: "Filter by any text   ( / )", "aria-label": "Filter scenarios",
  autocomplete: "off", spellcheck: "false" });
let chosen = [], drawn = 0;

const row = (each) => {
  const used = total(each.attempts.flatMap((attempt) => attempt.turns.map((turn) => tokensOf(turn.usage))));
  const took = total(each.attempts.map((attempt) => attempt.duration_ms));
  const facts = [rate(each), each.attempts.length ? time(took) : "",
    used ? `${grouped.format(used)} tok` : "", typeof each.cost_usd === "number" ? money(each.cost_usd) : "",
    each.attempts.some((attempt) => attempt.recorded) ? "recorded" : "", each.taken_over ? "taken over" : "",
    each.attempts.some((attempt) => attempt.warnings.length) ? "warned" : ""];
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

// Everything of a scenario that people would search for; made when it is first searched.
const texts = new Map();
const searchable = (each) => {
  if (!texts.has(each)) {
    const turns = each.attempts.flatMap((attempt) => attempt.turns);
    const said = turns.flatMap((turn) => [turn.user, turn.reply || "", ...turn.tool_calls.map((call) => call.name),
      ...turn.checks.filter(counting).map((check) => `${check.check} ${check.reason}`)]);
    const about = [each.name, each.assistant, each.target, each.file, words(each.shown), why(each)];
    texts.set(each, [...about, ...Object.values(each.case), ...said].join("\n").toLowerCase());
  }
  return texts.get(each);
};
const fits = (each, asked) =>
  (!state.status.size || state.status.has(each.shown)) && asked.every((word) => searchable(each).includes(word));
const ranked = [...all].sort((a, b) => ORDER.indexOf(a.shown) - ORDER.indexOf(b.shown));

const more = () => {
  const next = chosen.slice(drawn, drawn + CHUNK);
  rows.append(...next.map(row));
  drawn += next.length;
  sentinel.hidden = drawn >= chosen.length;
};
const show = () => {
  const asked = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  chosen = ranked.filter((each) => fits(each, asked));
  drawn = 0;
  rows.replaceChildren();
  const whole = count(all.length, "scenario");
  told.replaceChildren(chosen.length === all.length ? whole : `${grouped.format(chosen.length)} of ${whole}`);
  if (chosen.length && chosen.length <= MOST_OPENED) {
    told.append(make("button", { type: "button", class: "plain", onclick: openAll }, "open all"));
  }
  more();
  if (!chosen.length) rows.append(make("li", { class: "none" }, "Nothing fits. Esc clears the filter."));
  for (const button of buttons) button.setAttribute("aria-pressed", String(state.status.has(button.dataset.status)));
  if (table) table.choose(new Set(chosen));
};
const openAll = () => {
  const found = [...rows.querySelectorAll("details.row")];
  const open = found.some((details) => !details.open);
  for (const details of found) details.open = open;
};
const reveal = (each) => {
  if (!chosen.includes(each)) {
    Object.assign(state, { q: "", status: new Set() });
    input.value = "";
    show();
  }
  while (chosen.indexOf(each) >= drawn) more();
  const item = rows.children[chosen.indexOf(each)];
  item.firstChild.open = true;
  item.scrollIntoView({ block: "start" });
  item.querySelector("summary").focus({ preventScroll: true });
  state.open = label(each);
  remember();
};

// What is chosen stands in the address, so that a link shows the same.
const remember = () => {
  const parts = new URLSearchParams();
  if (state.q) parts.set("q", state.q);
  if (state.status.size) parts.set("status", [...state.status].join(","));
  if (state.open) parts.set("open", state.open);
  history.replaceState(null, "", parts.size ? `#${parts}` : location.pathname + location.search);
};
const changed = () => {
  state.open = "";
  remember();
  show();
};
const follow = () => {
  const parts = new URLSearchParams(location.hash.slice(1));
  state.q = input.value = parts.get("q") || "";
  state.status = new Set((parts.get("status") || "").split(",").filter((status) => ORDER.includes(status)));
  show();
  const open = all.find((each) => label(each) === parts.get("open"));
  if (open) reveal(open);
};

const buttons = ORDER.filter((status) => counts[status]).map((status) => make("button", {
  type: "button", class: `s-${status}`, "data-status": status, "aria-pressed": "false",
  onclick: () => {
    if (!state.status.delete(status)) state.status.add(status);
    changed();
  },
}, `${SIGNS[status]} ${grouped.format(counts[status])} ${words(status)}`));
input.addEventListener("input", () => {
  state.q = input.value.trim();
  changed();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && event.target !== input && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    input.focus();
    input.select();
  }
  if (event.key === "Escape" && (state.q || state.status.size)) {
    state.q = input.value = "";
    state.status.clear();
    changed();
  }
});
const table = matrix(reveal);
