// The window's behaviour. Gradio runs this once its HTML component is on the page, with `element` in scope.
// The conversation lives here (and in this tab's session storage), so the server keeps nothing and may restart.

const root = element.querySelector("#outline");
const $ = (selector, within = root) => within.querySelector(selector);
const $$ = (selector, within = root) => [...within.querySelectorAll(selector)];
const texts = gradio_config.i18n_translations; // from gr.I18n: { zh: { key: text }, en: … }
const longest = Number(root.dataset.longest);
const chat = { turns: [], pending: null };
const narrow = matchMedia("(max-width: 899px)");
const base = new URL(".", location.href);

// --- Language and theme ---------------------------------------------------------------------------------------------

const remembered = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* storage is refused: not kept */ } };
let language = remembered("outline-language") || (/^zh\b/i.test(navigator.language || "zh") ? "zh" : "en");
const say = (key, values = {}) =>
  texts[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

function relabel(within) {
  for (const node of $$("[data-zh]", within)) node.textContent = node.dataset[language];
  for (const name of ["title", "aria-label", "placeholder"])
    for (const node of $$(`[data-zh-${name}]`, within)) node.setAttribute(name, node.getAttribute(`data-${language}-${name}`));
}

function useLanguage(value) {
  language = value;
  document.documentElement.lang = value === "en" ? "en" : "zh-CN";
  root.lang = document.documentElement.lang;
  relabel(root);
  for (const template of $$("template")) relabel(template.content);
  document.title = `${say("app")} · ${$(".brand p").textContent}`;
  // Who reads the interface in English can't be expected to read the document in Chinese.
  showGlosses((remembered("outline-glosses") || (value === "en" ? "on" : "off")) === "on");
}

const dark = matchMedia("(prefers-color-scheme: dark)");
function useTheme() {
  const theme = remembered("outline-theme") || (dark.matches ? "dark" : "light");
  document.documentElement.dataset.theme = theme;
  document.body.classList.toggle("dark", theme === "dark");
}
dark.addEventListener("change", useTheme);
$("#theme").addEventListener("click", () => {
  remember("outline-theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  useTheme();
});
$("#language").addEventListener("click", () => {
  useLanguage(language === "zh" ? "en" : "zh");
  remember("outline-language", language);
});

// --- The document ---------------------------------------------------------------------------------------------------

const paper = $("#paper");
const text = $("#text");
const anchor = (address) => root.querySelector("#" + CSS.escape("d" + address.replace(".", "-").replace("#", "_")));
const nodeOf = (address) => (address.includes("#") ? anchor(address) : $(`[data-heading="${CSS.escape(address)}"]`));
const twinsOf = (nodes) => nodes.map((node) => $(`[data-t="${node.dataset.s}"]`, text)).filter(Boolean);
const placesOf = (citation) => (citation.sentence_ids.length ? citation.sentence_ids : [citation.section_id]).map(nodeOf).filter(Boolean);
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
let opener = null;

function openPaper(open, from) {
  if (!narrow.matches && open) return;
  if (open) opener = from || document.activeElement;
  paper.classList.toggle("open", open);
  $("#open-document").setAttribute("aria-expanded", String(open));
  for (const part of [$(".top"), $(".chat")]) part.inert = open && narrow.matches;
  if (open) $("#close-document").focus();
  else if (opener?.isConnected) { opener.focus(); opener = null; }
}
narrow.addEventListener("change", () => openPaper(false));
$("#open-document").addEventListener("click", (event) => openPaper(true, event.currentTarget));
$("#close-document").addEventListener("click", () => openPaper(false));

function show(nodes, from, label) {
  if (!nodes.length) return;
  openPaper(true, from);
  for (const node of $$(".active", text)) node.classList.remove("active");
  for (const node of [...nodes, ...twinsOf(nodes)]) node.classList.add("active");
  bring(nodes, still() ? "auto" : "smooth");
  $("#status").textContent = `${say("located")} ${label}`;
}

// Scrolls the document alone: scrollIntoView would move every scrolling ancestor, the page included.
function bring(nodes, behavior = "auto") {
  if (!nodes.length) return;
  const first = nodes[0].getBoundingClientRect();
  const last = ((paper.matches(".glossed") && twinsOf(nodes).at(-1)) || nodes.at(-1)).getBoundingClientRect();
  const frame = text.getBoundingClientRect();
  const room = Math.max(24, (frame.height - (last.bottom - first.top)) / 3);
  text.scrollTo({ top: text.scrollTop + first.top - frame.top - Math.min(room, frame.height / 3), behavior });
}

function goTo(address, from) {
  const node = nodeOf(address) || anchor(address);
  if (!node) return;
  show([node], from, node.textContent);
  $("#toc-menu").open = false;
}

// The contents follow the reading: the last heading above the line where a place that is gone to comes to stand.
const toc = $("#toc");
let following = 0;
let reading = null;
function follow() {
  following = 0;
  const frame = text.getBoundingClientRect();
  const passed = $$("[data-heading]", text).filter((node) => node.getBoundingClientRect().top < frame.top + frame.height * 0.36);
  const here = passed.at(-1)?.dataset.heading;
  if (here === reading) return;
  reading = here;
  for (const link of $$(".toc a, .toc-menu a")) {
    if (link.dataset.goto === here) link.setAttribute("aria-current", "location");
    else link.removeAttribute("aria-current");
  }
  const link = $("[aria-current]", toc);
  if (!link) return;
  const [box, room] = [link.getBoundingClientRect(), toc.getBoundingClientRect()];
  if (box.top < room.top || box.bottom > room.bottom) toc.scrollTop += box.top - room.top - room.height / 3;
}
text.addEventListener("scroll", () => { following ||= requestAnimationFrame(follow); }, { passive: true });

function mark(citations) {
  for (const node of $$(".cited, .active", paper)) { node.classList.remove("cited", "active"); delete node.dataset.marks; }
  for (const citation of citations) {
    const nodes = placesOf(citation);
    for (const node of [...nodes, ...twinsOf(nodes)]) node.classList.add("cited");
    if (nodes.length) nodes[0].dataset.marks = (nodes[0].dataset.marks ? nodes[0].dataset.marks + " " : "") + citation.marker;
    for (const link of $$(`a[data-goto="${CSS.escape(citation.section_id)}"]`, paper)) link.classList.add("cited");
  }
}

function cite(chip) {
  const turn = chat.turns[Number(chip.closest(".turn").dataset.turn)];
  if (turn?.answer) mark(turn.answer.citations);
  for (const other of $$(".chip.on")) other.classList.remove("on");
  chip.classList.add("on");
  hint(null);
  show(placesOfChip(chip), chip, chip.getAttribute("aria-label"));
}
const placesOfChip = (chip) => placesOf({ sentence_ids: chip.dataset.sentences.split(" ").filter(Boolean), section_id: chip.dataset.section });

function showGlosses(on) {
  $("#glosses").checked = on;
  paper.classList.toggle("glossed", on);
}
$("#glosses").addEventListener("change", (event) => {
  showGlosses(event.target.checked);
  remember("outline-glosses", event.target.checked ? "on" : "off");
});

// What a chip stands for: the quote between the sentences beside it, and what it says in English.
const tip = $("#tip");
const part = (tag, content, lang = "zh-CN") => Object.assign(document.createElement(tag), { textContent: content, lang });
function hint(chip) {
  tip.hidden = !chip;
  if (!chip) return;
  const nodes = placesOfChip(chip);
  const beside = (node) => (node?.matches(".s") ? node.textContent : "");
  const [before, after] = [beside(nodes[0]?.previousElementSibling), beside(nodes.at(-1)?.nextElementSibling)];
  const english = language === "en" ? twinsOf(nodes).map((node) => node.textContent).join(" ") : "";
  tip.replaceChildren(
    part("b", chip.getAttribute("aria-label"), root.lang),
    part("span", before.length > 40 ? "…" + before.slice(-40) : before),
    part("mark", chip.dataset.quote),
    part("span", after.length > 40 ? after.slice(0, 40) + "…" : after),
    part("p", english, "en"),
  );
  chip.setAttribute("aria-describedby", "tip");
  const at = chip.getBoundingClientRect();
  const size = tip.getBoundingClientRect();
  tip.style.left = Math.max(12, Math.min(at.left, innerWidth - size.width - 12)) + "px";
  // A full chip stands under its quote, which the hint should not cover; a brief one stands in the text.
  const above = at.top - size.height - 8;
  const below = at.bottom + 8;
  const under = chip.matches(".brief") ? above < 8 : below + size.height < innerHeight - 8 || above < 8;
  tip.style.top = (under ? below : above) + "px";
}
for (const [enter, leave] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
  root.addEventListener(enter, (event) => { const chip = event.target.closest?.(".chip"); if (chip) hint(chip); });
  root.addEventListener(leave, (event) => { if (event.target.closest?.(".chip")) hint(null); });
}

// --- Asking ---------------------------------------------------------------------------------------------------------

const input = $("#question");
const scroll = $("#scroll");
const line = (message) => { $("#line").textContent = message; };
const save = () => { try { sessionStorage.setItem("outline-turns", JSON.stringify(chat.turns)); } catch { /* full or refused */ } };

function grow() {
  input.style.height = "auto";
  input.style.height = Math.min(input.scrollHeight, innerHeight * 0.3) + "px";
}

function busy(on) {
  const button = $("#send");
  $("use", button).setAttribute("href", on ? "#i-stop" : "#i-send");
  for (const name of ["title", "aria-label"])
    for (const tag of ["zh", "en"]) button.setAttribute(`data-${tag}-${name}`, texts[tag][on ? "stop" : "send"]);
  relabel(button.parentElement);
}

function addTurn(question) {
  const item = document.createElement("li");
  item.className = "turn";
  item.tabIndex = -1;
  item.dataset.turn = $("#turns").children.length;
  const asked = document.createElement("h2"); // screen readers go from question to question
  asked.className = "asked";
  asked.textContent = question;
  const you = document.createElement("span");
  you.className = "hidden";
  you.dataset.zh = texts.zh.you + "：";
  you.dataset.en = texts.en.you + ": ";
  asked.prepend(you);
  const reply = document.createElement("div");
  reply.className = "reply";
  item.append(asked, reply);
  $("#turns").append(item);
  $("#intro").hidden = true;
  relabel(item);
  return reply;
}

function fillReply(reply, turn) {
  reply.innerHTML = turn.html; // made by the server, every foreign text escaped there
  reply.append($("#tools-of-answer").content.cloneNode(true));
  relabel(reply);
}

function fail(reply, message, question) {
  const told = document.createElement("p");
  told.className = "error";
  told.textContent = message;
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = say("retry");
  again.addEventListener("click", () => {
    const item = reply.closest(".turn");
    chat.turns[Number(item.dataset.turn)] = null;
    item.hidden = true;
    askFor(question);
  });
  reply.replaceChildren(told, again);
  $("#status").textContent = message;
}

// What the server says of a question: stages, then the answer or an error; one JSON object a line.
async function* replies(question, history, signal) {
  const response = await post("window/turn", { question, history, language }, signal);
  if (!response.ok) throw new Error(`status ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const row of lines) yield JSON.parse(row);
  }
}

async function ask(question) {
  question = question.trim();
  if (chat.pending) return;
  if (!question) { line(say("empty")); return; }
  if ([...question].length > longest) { line(say("too_long", { limit: longest })); return; }
  line("");
  if (narrow.matches) openPaper(false);
  input.value = "";
  grow();
  const history = chat.turns.filter(Boolean).map((turn) => turn.turn);
  const reply = addTurn(question);
  const at = Number(reply.closest(".turn").dataset.turn);
  chat.turns[at] = null;
  const stage = document.createElement("p");
  stage.className = "stage";
  stage.textContent = say("stage_understand");
  reply.append(stage);
  scroll.scrollTo({ top: scroll.scrollHeight });
  const stop = new AbortController();
  chat.pending = stop;
  busy(true);
  let final = null;
  const settled = () => { if (chat.pending === stop) { chat.pending = null; busy(false); } };
  try {
    for await (const event of replies(question, history.slice(-20), stop.signal)) {
      if (event.error) { fail(reply, event.error, question); final = event; }
      else if (event.stage) { stage.textContent = say("stage_" + event.stage); if (event.html) { reply.innerHTML = event.html; reply.append(stage); } }
      else if (event.html) {
        final = event;
        chat.turns[at] = { question, html: event.html, answer: event.answer, turn: event.turn, receipts: event.receipts };
        settled(); // the next question need not wait for the end of the reply
        fillReply(reply, chat.turns[at]);
        mark(event.answer.citations);
        if (!narrow.matches) bring(event.answer.citations.slice(0, 1).flatMap(placesOf));
        $("#status").textContent = `${say("done")} ${$(".answer", reply).textContent.slice(0, 300)}`;
        save();
        const item = reply.closest(".turn");
        scroll.scrollTo({ top: item.offsetTop - scroll.offsetTop - 16, behavior: at && !still() ? "smooth" : "auto" });
      }
    }
    if (!final) throw new Error("no answer");
  } catch (error) {
    if (final) return; // answered; only the end of the reply was lost
    if (stop.signal.aborted) {
      reply.replaceChildren(Object.assign(document.createElement("p"), { className: "notice", textContent: say("stopped") }));
      if (!input.value && reply.isConnected) { input.value = question; grow(); } // to be put better
    }
    else fail(reply, say("offline"), question);
  } finally {
    settled();
  }
}

// A question from a button, which may be gone by now: the focus goes where the reader goes on. On a phone that is
// the answer, as the question box would open the keyboard over it.
function askFor(question) {
  ask(question);
  if (narrow.matches) $("#turns").lastElementChild?.focus({ preventScroll: true });
  else input.focus();
}

$("#asker").addEventListener("submit", (event) => {
  event.preventDefault();
  if (chat.pending) chat.pending.abort();
  else ask(input.value);
});
input.addEventListener("input", () => { grow(); line(""); });
input.addEventListener("keydown", (event) => {
  // Enter that ends a word in an input method is not the reader's Enter.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
    event.preventDefault();
    if (!chat.pending) ask(input.value);
  }
});

// --- What a click means ---------------------------------------------------------------------------------------------

root.addEventListener("click", (event) => {
  const menu = $("#export");
  if (menu.open && !menu.contains(event.target)) menu.open = false;
  const target = event.target.closest("[data-ask], [data-goto], [data-fill-zh], [data-act], [data-export], .chip");
  if (!target) return;
  if (target.matches(".chip")) cite(target);
  else if (target.dataset.ask) askFor(target.dataset.ask);
  else if (target.dataset.goto) { event.preventDefault(); goTo(target.dataset.goto, target); }
  else if (target.dataset.fillZh) {
    if (narrow.matches) openPaper(false);
    input.value = language === "en" ? target.dataset.fillEn : target.dataset.fillZh;
    grow();
    input.focus();
    input.select();
  } else if (target.dataset.export) { menu.open = false; exportChat(target.dataset.export); }
  else act(target);
});
root.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    hint(null);
    if ($("#export").open) { $("#export").open = false; $("#export summary").focus(); }
    else if ($("#toc-menu").open) { $("#toc-menu").open = false; $("#toc-menu summary").focus(); }
    else if (paper.classList.contains("open")) openPaper(false);
  }
  if (event.key === "Tab" && paper.classList.contains("open")) {
    const stops = $$("button, a, input, summary, [tabindex='0']", paper).filter((node) => node.getClientRects().length);
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if (document.activeElement === edge) { event.preventDefault(); (event.shiftKey ? stops.at(-1) : stops[0]).focus(); }
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.closest?.("input, textarea, select")) { event.preventDefault(); input.focus(); }
});
$(".skip").addEventListener("click", (event) => { event.preventDefault(); input.focus(); });
$("#new").addEventListener("click", () => {
  chat.pending?.abort();
  chat.turns = [];
  save();
  $("#turns").replaceChildren();
  $("#intro").hidden = false;
  history.replaceState(null, "", base);
  mark([]);
  line("");
  input.focus();
});

// --- Receipts and feedback ------------------------------------------------------------------------------------------

async function copy(content, button) {
  let done = true;
  try {
    await navigator.clipboard.writeText(content);
  } catch { // an address without TLS has no clipboard API
    const area = Object.assign(document.createElement("textarea"), { value: content });
    document.body.append(area);
    area.select();
    done = document.execCommand("copy");
    area.remove();
    button.focus();
  }
  const label = $("span", button);
  label.textContent = say(done ? "copied" : "copy_failed");
  $("#status").textContent = label.textContent;
  setTimeout(() => { label.textContent = label.dataset[language]; }, 1600);
}

const post = (path, body, signal) =>
  fetch(new URL(path, base), { method: "POST", signal, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

async function exportChat(format) {
  const answers = chat.turns.filter(Boolean).map((turn) => turn.answer);
  if (!answers.length) { line(say("export_empty")); return; }
  try {
    const response = await post("window/export", { format, language, answers });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = /filename\*=UTF-8''(.+)$/.exec(response.headers.get("content-disposition") || "")?.[1] || "conversation";
    link.download = decodeURIComponent(link.download);
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  } catch { line(say("export_failed")); }
}

function tell(reply, key) {
  $(".feedback", reply)?.remove();
  const told = Object.assign(document.createElement("p"), { className: "notice" });
  told.dataset.zh = texts.zh[key];
  told.dataset.en = texts.en[key];
  reply.append(told);
  relabel(reply);
  $("#status").textContent = told.textContent;
}

async function sendFeedback(turn, reply, body) {
  $(".acts ~ .notice", reply)?.remove();
  try {
    const response = await post("window/feedback", { answer: turn.answer, ...body });
    if (!response.ok) throw new Error(`status ${response.status}`);
    $$("[aria-pressed]", reply).forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.act === body.verdict)));
    tell(reply, "thanks");
  } catch { tell(reply, "feedback_failed"); }
}

function act(button) {
  const reply = button.closest(".reply");
  const turn = chat.turns[Number(button.closest(".turn").dataset.turn)];
  if (!turn) return;
  const action = button.dataset.act;
  if (action === "copy") copy(turn.receipts[language].text, button);
  else if (action === "markdown") copy(turn.receipts[language].markdown, button);
  else if (action === "link") copy(`${base.href}?q=${encodeURIComponent(turn.answer.query || turn.question)}`, button);
  else if (action === "good") sendFeedback(turn, reply, { verdict: "good" });
  else if (action === "cancel") { $(".feedback", reply).remove(); $('[data-act="bad"]', reply).focus(); }
  else if (action === "bad" && !$(".feedback", reply)) {
    reply.append($("#feedback-form").content.cloneNode(true));
    relabel(reply);
    const form = $(".feedback", reply);
    $("input", form).focus();
    form.scrollIntoView({ block: "nearest" });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { reason, section, comment } = Object.fromEntries(new FormData(form));
      sendFeedback(turn, reply, { verdict: "bad", reason, section, comment });
    });
  }
}

// --- Start ----------------------------------------------------------------------------------------------------------

useTheme();
useLanguage(language);
let kept = [];
try { kept = JSON.parse(sessionStorage.getItem("outline-turns") || "[]").filter(Boolean); } catch { /* nothing kept, or not readable */ }
const wanted = new URLSearchParams(location.search).get("q");
// A reload of a permalink goes on with the conversation that it began.
if (wanted && wanted !== kept[0]?.question) ask(wanted.slice(0, longest * 2));
else for (const turn of kept) {
  chat.turns.push(turn);
  fillReply(addTurn(turn.question), turn);
}
const last = chat.turns.at(-1);
if (last) {
  mark(last.answer.citations);
  if (!narrow.matches) bring(last.answer.citations.slice(0, 1).flatMap(placesOf));
  scroll.scrollTo({ top: scroll.scrollHeight });
}
follow();
if (!narrow.matches) input.focus({ preventScroll: true });
root.dataset.ready = "true";
