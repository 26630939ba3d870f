"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const root = document.documentElement;
const find = (id) => document.getElementById(id);
const en = () => root.dataset.lang === "en";
const word = (key) => { const pair = data.words[key]; return pair ? pair[en() ? 1 : 0] : key; };
const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value; else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
};
const shown = { limit: 150, current: null };
const fields = ["split", "kind", "lang", "outcome", "stage"];

function setLanguage(language) {
  root.dataset.lang = language;
  root.lang = language === "en" ? "en" : "zh-CN";
  find("language").textContent = language === "en" ? "中文" : "English";
  fillFilters();
  drawList();
}

function fillFilters() {
  for (const name of fields) {
    const select = find("f-" + name);
    const value = select.value;
    const present = [...new Set(data.items.map((item) => item[name]).filter(Boolean))].sort();
    select.replaceChildren(make("option", { value: "" }, word("all-" + name)),
      ...present.map((option) => make("option", { value: option }, word(option))));
    select.value = present.includes(value) ? value : "";
    select.setAttribute("aria-label", word("all-" + name));
  }
  find("search").placeholder = word("search");
  find("search").setAttribute("aria-label", word("search"));
}

const failed = (item) => !["right", "right_refusal", "unscored"].includes(item.outcome) || item.broken.length > 0;

function matching() {
  const text = find("search").value.trim().toLowerCase();
  const only = find("only").checked;
  return data.items.filter((item) =>
    (!only || failed(item)) &&
    (find("variants").checked || !item.variant) &&
    fields.every((name) => !find("f-" + name).value || item[name] === find("f-" + name).value) &&
    (!text || (item.id + " " + item.turns.join(" ") + " " + item.answer).toLowerCase().includes(text)));
}

function drawList() {
  const items = matching();
  find("count").textContent = items.length + " / " + data.items.length;
  const list = find("list");
  list.replaceChildren(...items.slice(0, shown.limit).map((item) => {
    const button = make("button", { type: "button", "data-id": item.id, "aria-current": String(item.id === shown.current) },
      make("span", { class: "q" }, item.turns[item.turns.length - 1]),
      make("span", { class: "sub" }, make("span", { class: "tag " + item.outcome }, word(item.outcome)),
        item.stage ? make("span", { class: "tag stage" }, word(item.stage)) : null,
        item.broken.length ? make("span", { class: "tag broken" }, word(item.broken[0])) : null,
        [item.id, word(item.kind), item.lang].join(" · ")));
    button.addEventListener("click", () => choose(item.id, true));
    return button;
  }));
  if (items.length > shown.limit) {
    const more = make("button", { type: "button", class: "more" }, word("more"));
    more.addEventListener("click", () => { shown.limit += 300; drawList(); });
    list.append(more);
  }
  if (!items.length) list.append(make("p", { class: "more" }, word("none")));
  if (!items.some((item) => item.id === shown.current)) shown.current = items.length ? items[0].id : null;
  for (const button of list.querySelectorAll("button[data-id]")) {
    button.setAttribute("aria-current", String(button.dataset.id === shown.current));
  }
  drawDetail();
}

function choose(id, remember) {
  shown.current = id;
  if (remember) history.replaceState(null, "", "#" + encodeURIComponent(id));
  for (const button of find("list").querySelectorAll("button[data-id]")) {
    button.setAttribute("aria-current", String(button.dataset.id === id));
  }
  drawDetail();
}

const label = (address) => {
  const pair = data.labels[address.split("#")[0]];
  return address + (pair ? "  " + pair[en() ? 1 : 0] : "");
};
const quoteShell = (text) => "'" + text.replaceAll("'", "'\\''") + "'";

function sentences(item) {
  const gold = new Set(item.sentences);
  const cited = new Set(item.cited);
  const order = Object.keys(data.sentences).filter((address) => gold.has(address) || cited.has(address));
  return order.map((address) => {
    const kind = gold.has(address) ? (cited.has(address) ? "both-hit" : "gold") : "extra";
    return make("div", { class: "sentence " + kind }, make("small", {}, address + " · " + word("s-" + kind) + "  "),
      make("span", { lang: "zh-CN" }, data.sentences[address]));
  });
}

function rankedSections(item) {
  if (!item.ranked.length) return make("p", { class: "note" }, word("not-searched"));
  const gold = new Set([...item.sections, ...item.all]);
  const rows = item.ranked.map(([address, score, legs], at) => {
    const parts = Object.entries(legs).sort((a, b) => b[1] - a[1]).map(([leg, value]) =>
      make("span", {}, data.legs[leg] + " ", make("b", {}, value.toFixed(2))));
    return make("tr", { class: gold.has(address) ? "hit" : "" }, make("td", { class: "n" }, String(at + 1)),
      make("td", {}, label(address), make("div", { class: "legs" }, ...parts)), make("td", { class: "n" }, score.toFixed(3)));
  });
  return make("div", { class: "scroll" }, make("table", { class: "rank" }, make("tbody", {}, ...rows)));
}

function drawDetail() {
  const detail = find("detail");
  const item = data.items.find((one) => one.id === shown.current);
  if (!item) { detail.replaceChildren(make("p", { class: "note" }, word("none"))); return; }
  const head = (key) => make("h3", {}, word(key));
  const expected = [];
  if (item.answerable === false) expected.push(make("p", {}, word("should-abstain") + (item.reason ? " · " + word(item.reason) : "")));
  if (item.must.length) expected.push(make("p", {}, ...item.must.flatMap((group, at) => [at ? " + " : "", make("code", {}, group.join(" | "))])));
  for (const address of item.sections) expected.push(make("div", {}, label(address)));
  if (item.all.length) expected.push(make("p", { class: "note" }, word("all-needed") + " " + item.all.join(", ")));
  if (item.reference) expected.push(make("div", { class: "text" }, item.reference));
  if (item.mustNot.length) expected.push(make("p", {}, word("must-not") + " ", make("code", {}, item.mustNot.join(" | "))));
  const got = [make("div", { class: "text" }, item.answer || "—")];
  got.push(make("p", { class: "note" }, word(item.status) + (item.given ? " · " + word(item.given) : "") + " · " + word("confidence") + " " + item.confidence.toFixed(2)));
  if (item.missing.length) got.push(make("p", {}, word("missing") + " ", ...item.missing.map((fact) => make("code", {}, fact))));
  for (const name of item.broken) got.push(make("span", { class: "tag broken" }, word(name)));
  const nodes = [make("div", { class: "sub" }, make("span", { class: "tag " + item.outcome }, word(item.outcome)), " ",
    item.stage ? make("span", { class: "tag stage" }, word("first-failure") + " " + word(item.stage)) : null,
    make("span", { class: "note" }, "  " + [item.id, item.split, word(item.kind), item.lang, item.variant].filter(Boolean).join(" · ")))];
  for (const turn of item.turns.slice(0, -1)) nodes.push(make("div", { class: "turn" }, turn));
  nodes.push(make("div", { class: "question" }, item.turns[item.turns.length - 1]));
  if (item.query && item.query !== item.turns[item.turns.length - 1]) nodes.push(make("p", { class: "note" }, word("understood") + " " + item.query));
  if (item.standalone) nodes.push(make("p", { class: "note" }, word("rewrite") + " " + item.standalone));
  nodes.push(make("div", { class: "both" }, make("div", {}, head("expected"), ...expected), make("div", {}, head("got"), ...got)));
  const marked = sentences(item);
  if (marked.length) nodes.push(head("sentences"), ...marked);
  nodes.push(head("ranking"), rankedSections(item));
  nodes.push(head("reproduce"), make("p", {}, make("code", {}, "python -m eval run --no-variants --id " + quoteShell(item.id))));
  if (item.turns.length === 1) nodes.push(make("p", {}, make("code", {}, "python -m assistant ask " + quoteShell(item.turns[0]))));
  detail.replaceChildren(...nodes);
  detail.scrollTop = 0;
}

for (const name of fields) find("f-" + name).addEventListener("change", () => { shown.limit = 150; drawList(); });
for (const name of ["search", "only", "variants"]) find(name).addEventListener("input", () => { shown.limit = 150; drawList(); });
find("language").addEventListener("click", () => setLanguage(en() ? "zh" : "en"));
const wanted = decodeURIComponent(location.hash.slice(1));
if (data.items.some((item) => item.id === wanted)) { shown.current = wanted; find("only").checked = false; }
setLanguage(new URLSearchParams(location.search).get("lang") || (navigator.language.startsWith("zh") ? "zh" : "en"));
