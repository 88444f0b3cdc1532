// Light or dark, and the page put together.

const THEMES = { auto: "◐ Auto", light: "☀ Light", dark: "☾ Dark" };
const theme = make("button", { type: "button", class: "icon" });
const dress = (name) => {
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  theme.textContent = THEMES[name];
  theme.setAttribute("aria-label", `Colours: ${name}`);
};
const kept = () => {
  try {
    return localStorage.getItem("orch-theme");
  } catch {
    return null; // a browser may keep nothing for files
  }
};
let worn = new URLSearchParams(location.hash.slice(1)).get("theme") || kept();
if (!Object.hasOwn(THEMES, worn)) worn = "auto";
theme.addEventListener("click", () => {
  const names = Object.keys(THEMES);
  worn = names[(names.indexOf(worn) + 1) % names.length];
  dress(worn);
  try {
    localStorage.setItem("orch-theme", worn);
  } catch { /* it is worn all the same, until the page is closed */ }
});
dress(worn);

const plots = [latency(), rates() || slowest(reveal)].filter(Boolean);
const head = [numbers(), plots.length ? make("div", { class: "plots" }, ...plots) : null, table && table.node];
document.querySelector("header.top .wide").append(theme);
document.querySelector("main").replaceChildren(
  make("div", { class: "wide" }, ...head),
  make("div", { class: "bar-top" }, make("div", { class: "wide tools", role: "search" }, input,
    make("div", { class: "choices", role: "group", "aria-label": "Filter by status" }, ...buttons))),
  make("section", { class: "wide", "aria-label": "Scenarios" }, told, rows, sentinel));
new IntersectionObserver((entries) => {
  if (entries.some((entry) => entry.isIntersecting) && drawn < chosen.length) more();
}, { rootMargin: "800px" }).observe(sentinel);
window.addEventListener("hashchange", follow);
follow();
