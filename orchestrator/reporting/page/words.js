// What is said of scenarios in a few words, and the numbers behind them.

const SIGNS = { passed: "✓", failed: "✕", errored: "!", inconclusive: "?", quarantined: "◌", not_run: "–" };
const ORDER = ["failed", "errored", "inconclusive", "quarantined", "not_run", "passed"];

const grouped = new Intl.NumberFormat("en-US");
const count = (n, word) => `${grouped.format(n)} ${word}${n === 1 ? "" : "s"}`;
const total = (values) => values.reduce((sum, value) => sum + value, 0);
const words = (status) => status.replace("_", " ");
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const money = (usd) => `$${usd === 0 || usd >= 0.01 ? usd.toFixed(2) : usd.toPrecision(2)}`;
const time = (ms) => {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60000)} min ${Math.floor((ms % 60000) / 1000)} s`;
};
const tokensOf = (usage) => usage.input_tokens + usage.output_tokens;

const all = [...data.scenarios, ...data.not_run];
for (const each of data.scenarios) {
  each.shown = each.quarantine && !each.quarantine.over ? "quarantined" : each.status;
}
for (const each of data.not_run) Object.assign(each, { shown: "not_run", status: "not_run", attempts: [] });
const targets = [...new Set(all.map((each) => each.target))];
const counts = Object.fromEntries(ORDER.map((status) => [status, 0]));
for (const each of all) counts[each.shown] += 1;

const label = (each) => (targets.length > 1 ? `${each.name} on ${each.target}` : each.name);
const rate = (each) => {
  const found = each.statistics;
  return found && each.attempts.length > 1 ? `${found.passed}/${found.passed + found.failed} passed` : "";
};
const played = (each) => each.attempts.flatMap((attempt) => attempt.turns).filter((turn) => turn.status !== "not_run");
const times = (each) => played(each).map((turn) => turn.duration_ms);

// The attempt that speaks for a scenario: the first that ended as it did, else the first that did not pass.
const telling = (each) =>
  each.attempts.find((attempt) => attempt.status === each.status)
  || each.attempts.find((attempt) => attempt.status !== "passed")
  || each.attempts[each.attempts.length - 1];
const counting = (check) => !check.passed && check.weight !== 0;
const firstWrong = (attempt) => {
  for (const [index, part] of [...attempt.turns, attempt].entries()) {
    const place = part === attempt ? "" : `turn ${index + 1}: `;
    const wrong = part.checks.find(counting);
    if (part.problem) return place + part.problem.message;
    if (wrong) return `${place}${wrong.check}: ${wrong.reason.replace(/^ {2}.*$/gm, "")}`; // without the comparison
  }
  return "";
};
const held = (each) => {
  if (!each.quarantine) return "";
  const { over, until, reason } = each.quarantine;
  return `${over ? "quarantine is over" : `quarantined until ${until}`}: ${reason}`;
};
const why = (each) => {
  if (each.shown === "not_run") return each.reason;
  const attempt = each.status === "passed" ? undefined : telling(each);
  const wrong = attempt ? firstWrong(attempt).replace(/\s+/g, " ").slice(0, 220) : "";
  return [held(each), wrong].filter(Boolean).join(" — ");
};

// The least value that at least this share of the values does not exceed (nearest rank); the values are sorted.
const quantile = (sorted, share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
const ascending = (values) => values.sort((a, b) => a - b);
