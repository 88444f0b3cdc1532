// Building the page: elements get texts, never markup, so that nothing anybody said can become part of the page.

const put = (node, name, value) => {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else node.setAttribute(name, value === true ? "" : value);
};
const fill = (node, attributes, children) => {
  for (const [name, value] of Object.entries(attributes || {})) put(node, name, value);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
};
const make = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
const unseen = (text) => make("span", { class: "hidden" }, text);
