// One scenario, opened: its attempts, what was said and done in each turn, and what the checks make of it.

const LINES = 16;
const LINES_SAID = 48;
const WIDTH_OF_LINE = 100;

// A text as it is; of a long one the beginning, with a button for the rest.
const block = (tag, attributes, text, most = LINES, parts = (text) => [text]) => {
  const lines = text.split("\n"), long = most * WIDTH_OF_LINE;
  if (lines.length <= most + 4 && text.length <= long + 400) return make(tag, attributes, parts(text));
  const start = lines.slice(0, most).join("\n").slice(0, long);
  const node = make(tag, attributes, parts(start));
  const rest = make("button", { type: "button", class: "rest", onclick: () => node.replaceChildren(...parts(text)) },
    `… all ${grouped.format(lines.length)} lines, ${grouped.format(text.length)} characters`);
  node.append("\n", rest);
  return node;
};
// In a reason the lines of a comparison get their colours; the sign before each says the same.
const marked = (text) =>
  text.split(/(?<=\n)/).map((line) => {
    const sign = /^ {2}([-+])(?: |$)/m.exec(line);
    return sign ? make(sign[1] === "-" ? "del" : "ins", {}, line) : line;
  });
// JSON with a line for each part that does not fit one.
const indented = (value, depth = 0) => {
  const short = JSON.stringify(value);
  if (short.length + 2 * depth <= 90 || typeof value !== "object") return short;
  const space = "  ".repeat(depth), list = Array.isArray(value);
  const parts = Object.entries(value).map(([name, each]) =>
    `${space}  ${list ? "" : `${JSON.stringify(name)}: `}${indented(each, depth + 1)}`);
  return `${list ? "[" : "{"}\n${parts.join(",\n")}\n${space}${list ? "]" : "}"}`;
};
// Outputs are text; where the text is JSON it is easier to read with its lines.
const readable = (text) => {
  if (text.length <= 90 || !/^\s*[[{]/.test(text)) return text;
  try {
    return indented(JSON.parse(text));
  } catch {
    return text;
  }
};

const step = (name, what, ...parts) =>
  make("div", { class: "done" }, make("p", { class: "step" }, make("b", {}, name), what ? ` ${what}` : ""), ...parts);
const shownCall = (each) => {
  const given = each.invalid_arguments !== undefined ? each.invalid_arguments : indented(each.arguments);
  const came = each.output === null ? make("p", { class: "toned s-failed" }, "not answered")
    : block("pre", { class: "out" }, readable(each.output));
  return step(each.name, each.invalid_arguments !== undefined ? "with arguments that are no JSON object" : "",
    given === "{}" ? null : block("pre", {}, given), came);
};
const shownSearch = (each) =>
  step("file_search", each.passages.length ? `found ${count(each.passages.length, "passage")}` : "found nothing",
    each.passages.length ? make("ol", { class: "passages" }, ...each.passages.map((passage) => make("li", {},
      make("b", {}, passage.file), make("span", { class: "dim" }, ` ${passage.score.toFixed(2)}`),
      passage.excerpt ? make("span", { class: "excerpt" }, passage.excerpt) : null))) : null);
const shownCode = (each) =>
  step("code_interpreter", "ran", block("pre", {}, each.code),
    each.logs ? block("pre", { class: "out" }, each.logs) : null,
    each.images ? make("p", { class: "dim" }, `made ${count(each.images, "image")}`) : null);
const shownMessage = (text) => block("p", { class: "said assistant" }, text, LINES_SAID);
const bubble = (who, node) => (node.prepend(unseen(`${who}: `)), node);

// What a turn led to, in the order it came; where that is not told, messages come last.
const happened = (turn) => {
  const left = new Map([
    ["file_search", turn.searches.map(shownSearch)],
    ["code_interpreter", turn.code_runs.map(shownCode)],
    ["function", turn.tool_calls.map(shownCall)],
    ["message", (turn.messages || [turn.reply]).filter(Boolean).map((text) => bubble("assistant", shownMessage(text)))],
  ]);
  const told = turn.steps.map((kind) => (left.get(kind) || []).shift()).filter(Boolean);
  return [...told, ...[...left.values()].flat()];
};

const shownProblem = (found, status) => found && make("div", { class: `problem s-${status}` },
  make("span", {}, unseen("Problem: "), found.message), found.hint ? make("span", { class: "hint" }, found.hint) : null);
const votes = (each) => {
  if ((each.votes || []).length < 2) return null;
  return make("details", {}, make("summary", {}, count(each.votes.length, "vote")), make("ul", {},
    ...each.votes.map((vote) => make("li", {}, `${words(vote.verdict)}: ${vote.unusable || vote.reason || vote.quote}`))));
};
const shownCriteria = (list) => make("ul", { class: "criteria" }, ...list.map((each) => {
  const tone = each.verdict === "met" ? "passed" : each.verdict === "not_met" ? "failed" : "inconclusive";
  return make("li", { class: `s-${tone}`, "data-sign": SIGNS[tone] },
    make("span", { class: "name" }, each.criterion), make("span", { class: "toned" }, ` ${words(each.verdict)}`),
    each.quote ? make("q", {}, each.quote) : null, each.reason ? make("span", { class: "dim" }, ` ${each.reason}`) : null,
    votes(each));
}));
const shownCheck = (found) => {
  const missed = found.weight === 0 ? "not_run" : "failed";
  const status = found.inconclusive ? "inconclusive" : found.passed ? "passed" : missed;
  const facts = [found.score > 0 && found.score < 1 ? `score ${found.score.toFixed(2)}` : "",
    found.weight === 0 ? "weight 0: it fails nothing" : found.weight !== undefined ? `weight ${found.weight}` : ""];
  const quiet = found.passed && !found.reason.includes("\n");
  return make("li", { class: `s-${status}`, "data-sign": SIGNS[status] },
    make("span", { class: "name" }, found.check), unseen(` ${words(status)}`),
    make("span", { class: "dim" }, ...facts.filter(Boolean).map((fact) => ` · ${fact}`)),
    found.criteria ? shownCriteria(found.criteria)
      : quiet ? make("span", { class: "dim" }, ` · ${found.reason}`) : block("pre", {}, found.reason, 2 * LINES, marked));
};
const shownChecks = (list) => (list.length ? make("ul", { class: "checks" }, ...list.map(shownCheck)) : null);

const shownTurn = (turn, number, attempt) => {
  const isPlayed = turn.status !== "not_run";
  const cited = [...new Set(turn.citations.map((found) => found.file || found.file_id))];
  const made = turn.files.map((file) => file.name || file.file_id);
  const notes = [...cited.map((name) => `cites ${name}`), ...made.map((name) => `made ${name}`)];
  const used = tokensOf(turn.usage);
  const facts = [isPlayed && turn.status !== "completed" ? words(turn.status) : "",
    isPlayed ? time(turn.duration_ms) : "not run", used ? count(used, "token") : ""];
  const said = bubble("user", block("p", { class: "said user" }, turn.user, LINES_SAID));
  return make("section", { class: `turn${isPlayed ? "" : " idle"}` },
    make("h3", {}, `Turn ${number} of ${attempt.turns.length}`, make("span", {}, facts.filter(Boolean).join(" · "))),
    said, ...happened(turn),
    notes.length ? make("p", { class: "notes" }, ...notes.map((text) => make("span", { class: "chip" }, text))) : null,
    shownProblem(turn.problem, attempt.status), shownChecks(turn.checks));
};
const shownAttempt = (attempt) => {
  const note = (text, hint) => make("p", { class: "note" }, text, hint ? ` (${hint})` : "");
  const warnings = attempt.warnings.map((found) =>
    note(`Warning: ${found.file}:${found.line}: ${found.message}`, found.hint));
  const whole = attempt.checks.length
    ? make("section", { class: "turn" }, make("h3", {}, "The whole conversation"), shownChecks(attempt.checks)) : null;
  return make("div", {}, ...attempt.turns.map((turn, index) => shownTurn(turn, index + 1, attempt)),
    shownProblem(attempt.problem, attempt.status), whole, ...warnings,
    attempt.leftover ? note(`Left on the target: ${attempt.leftover.message}`, attempt.leftover.hint) : null);
};

const shownAttempts = (each) => {
  const found = each.statistics;
  const place = make("div", {});
  const pick = (index) => {
    buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(at === index)));
    place.replaceChildren(shownAttempt(each.attempts[index]));
  };
  const buttons = each.attempts.map((attempt, index) => make("button", {
    type: "button", class: `s-${attempt.status}`, title: words(attempt.status), onclick: () => pick(index),
  }, `${SIGNS[attempt.status]} ${index + 1}`, unseen(` ${words(attempt.status)}`)));
  pick(each.attempts.indexOf(telling(each)));
  const [low, high] = found ? found.interval : [];
  const interval = found && `${+(found.confidence * 100).toFixed(1)} % interval ${low.toFixed(2)}–${high.toFixed(2)}`;
  const told = found && `${rate(each)}, ${interval}, required ${found.required}`;
  return [told ? make("p", { class: "note" }, told) : null,
    make("div", { class: "attempts", role: "group", "aria-label": "Attempts" }, ...buttons), place];
};
const inside = (each) => {
  const place = [`${each.file}:${each.line}`, each.assistant && `assistant ${each.assistant}`, `target ${each.target}`,
    ...Object.entries(each.case).map(([name, value]) => `${name} = ${value}`)];
  return make("div", { class: "inside" }, make("p", { class: "place" }, place.filter(Boolean).join(" · ")),
    each.quarantine ? make("p", { class: "note" }, capital(held(each))) : null,
    each.attempts.length > 1 ? shownAttempts(each)
      : each.attempts.length ? shownAttempt(each.attempts[0]) : make("p", { class: "note" }, each.reason || "Not run."));
};
