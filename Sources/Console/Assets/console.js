// Makes the console's pages live: every one of them works without this.
// No framework and no markup from texts: what comes in is parsed by the browser into a document of its own, scripts in it never run.

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// Times: the reader's own, with UTC for the pointer; relative ones are kept true.
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

function away(ms) {
  const s = Math.round(ms / 1000), a = Math.abs(s);
  if (a < 60) return ago.format(s, "second");
  if (a < 3600) return ago.format(Math.round(s / 60), "minute");
  if (a < 86400) return ago.format(Math.round(s / 3600), "hour");
  return ago.format(Math.round(s / 86400), "day");
}

function showTimes(root = document) {
  const now = Date.now();
  for (const time of $$("time[data-time]", root)) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    if (!time.title) time.title = time.textContent;
    const isToday = at.toDateString() === new Date(now).toDateString();
    const text = (isToday ? clock : full).format(at) + (time.dataset.time === "relative" ? ` (${away(at - now)})` : "");
    if (time.textContent !== text) time.textContent = text;
  }
}

// Copying
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  const label = button.lastChild, before = label.textContent;
  label.textContent = "Copied";
  setTimeout(() => { label.textContent = before; }, 1500);
});

function prepare(root = document) {
  for (const button of $$("[data-copy]", root)) button.hidden = !navigator.clipboard;
  for (const svg of $$("svg.graph", root)) addZoom(svg);
  showTimes(root);
}

// The graph: as large as somebody wants it, moved by dragging, and, where that is wanted, with what is at work in view.
let zoom = 1, follows = false;
function addZoom(svg) {
  const frame = svg.parentElement, [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const show = () => { svg.setAttribute("width", width * zoom); svg.setAttribute("height", height * zoom); };
  const tools = document.createElement("p");
  tools.className = "tools";
  const add = (label, name, act) => {
    const tool = document.createElement("button");
    tool.type = "button";
    tool.className = "quiet-button";
    tool.textContent = label;
    tool.setAttribute("aria-label", `${name}: graph`);
    tool.addEventListener("click", act);
    tools.append(tool);
    return tool;
  };
  const fit = () => Math.max(0.2, Math.min(2, (frame.clientWidth - 26) / width));
  if (svg.dataset.graph === "run") {
    const tool = add("Follow", "Keep what is at work in view", () => {
      follows = !follows;
      tool.setAttribute("aria-pressed", String(follows));
      if (follows) showWork(svg);
    });
    tool.setAttribute("aria-pressed", String(follows));
  }
  for (const [label, name, next] of [["−", "Smaller", () => Math.max(0.2, zoom / 1.25)], ["+", "Larger", () => Math.min(4, zoom * 1.25)], ["Fit", "As wide as the page", fit], ["1:1", "Its own size", () => 1]]) {
    add(label, name, () => { zoom = next(); show(); if (follows) showWork(svg); });
  }
  frame.before(tools);
  show();
  drag(frame);
  if (follows) showWork(svg);
}

// What goes on, or waits, or needs somebody, comes to the middle of the graph's frame.
function showWork(svg) {
  const at = $$(".step, .undo-step", svg).find((step) => /\bs-(executing|accepted|undoing|person|stuck|retrying|waiting|due)\b/.test(step.getAttribute("class")));
  if (!at) return;
  const frame = svg.parentElement, box = at.getBoundingClientRect(), view = frame.getBoundingClientRect();
  frame.scrollLeft += (box.left + box.right - view.left - view.right) / 2;
  const isSeen = view.top < innerHeight && view.bottom > 0;
  if (isSeen && (box.top < 60 || box.bottom > innerHeight)) scrollBy(0, (box.top + box.bottom - innerHeight) / 2);
}

// With a mouse; fingers and keys scroll anyway.
function drag(frame) {
  let from = null;
  frame.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0 || event.target.closest("a")) return;
    from = { x: event.clientX + frame.scrollLeft, y: event.clientY + scrollY, at: [event.clientX, event.clientY] };
  });
  frame.addEventListener("pointermove", (event) => {
    if (!from) return;
    // A click that trembles is one: it goes to what was clicked.
    if (from.at && Math.hypot(event.clientX - from.at[0], event.clientY - from.at[1]) < 4) return;
    if (from.at) { from.at = null; frame.setPointerCapture(event.pointerId); frame.classList.add("dragged"); }
    frame.scrollLeft = from.x - event.clientX;
    scrollTo(scrollX, from.y - event.clientY);
  });
  for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, () => { from = null; frame.classList.remove("dragged"); });
}

// The timeline: which moment is under the pointer.
document.addEventListener("pointermove", (event) => {
  const svg = event.target.closest?.("svg.timeline");
  for (const old of $$(".moment")) if (old.parentElement !== svg) old.remove();
  if (!svg) return;
  const box = svg.getBoundingClientRect(), x = (event.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
  const ends = svg.dataset.axis.split(" ").map((end) => end.split(":").map(Number));
  const at = ends.findIndex(([left], place) => place > 0 && x <= left);
  if (at < 1 || x < ends[0][0]) return;
  const [[x0, t0], [x1, t1]] = [ends[at - 1], ends[at]];
  const moment = new Date((t0 + (x1 > x0 ? (x - x0) / (x1 - x0) : 0) * (t1 - t0)) / 1000);
  let mark = $(".moment", svg);
  if (!mark) {
    mark = document.createElementNS(svg.namespaceURI, "g");
    mark.setAttribute("class", "moment");
    mark.append(document.createElementNS(svg.namespaceURI, "path"), document.createElementNS(svg.namespaceURI, "text"));
    svg.append(mark);
  }
  mark.firstChild.setAttribute("d", `M${x} ${svg.dataset.top}V${svg.dataset.bottom}`);
  mark.lastChild.setAttribute("x", x + (at > ends.length / 2 ? -6 : 6));
  mark.lastChild.setAttribute("text-anchor", at > ends.length / 2 ? "end" : "start");
  mark.lastChild.setAttribute("y", Number(svg.dataset.bottom) - 3);
  mark.lastChild.textContent = clock.format(moment) + "." + String(moment.getMilliseconds()).padStart(3, "0");
});

// One open form of an action at a time; Escape closes it.
document.addEventListener("toggle", (event) => {
  const opened = event.target;
  if (!opened.matches?.("details.action, details.menu")) return;
  // What was kept as it stood meanwhile is looked at now.
  if (!opened.open) { if (!tag && mayLive()) renew(); return; }
  for (const other of $$("details.action[open], details.menu[open]")) if (other !== opened) other.open = false;
  $("input:not([type=hidden]), textarea, select", opened)?.focus();
}, true);
document.addEventListener("click", (event) => {
  for (const open of $$("details.action[open], details.menu[open]")) if (!open.contains(event.target)) open.open = false;
});

// Selecting rows
const boxes = () => $$('input[name="runId"]');
const isChoosing = () => boxes().some((box) => box.checked);
function countChosen() {
  const all = $("[data-all]"), chosen = $("#chosen");
  if (!all || !chosen) return;
  const some = boxes(), count = some.filter((box) => box.checked).length;
  all.hidden = some.length === 0;
  all.checked = count > 0 && count === some.length;
  all.indeterminate = count > 0 && count < some.length;
  chosen.textContent = count ? `${count} selected` : "Select runs, or take all that match";
}
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) for (const box of boxes()) box.checked = event.target.checked;
  if (event.target.matches('[data-all], input[name="runId"]')) countChosen();
});

// Live: parts of the page are fetched again and exchanged where they differ.
const button = $("#live");
const { stream, every } = document.body.dataset;
let tag = null, source = null, timer = null, isFetching = false, isAsked = false;

const wantsLive = () => localStorage.getItem("sagaflow-live") !== "off";
const mayLive = () => wantsLive() && !document.hidden && !isChoosing();

// Somebody is at work there: it stays as it is.
function isBusy(region) {
  const at = document.activeElement;
  if ($("details.action[open]", region)) return true;
  const chosen = getSelection();
  if (chosen && !chosen.isCollapsed && region.contains(chosen.anchorNode)) return true;
  return region.contains(at) && at.matches("input, textarea, select");
}

function load(url) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", url);
    request.responseType = "document";
    if (tag) request.setRequestHeader("If-None-Match", tag);
    request.onload = () => resolve(request);
    request.onerror = reject;
    request.ontimeout = reject;
    request.timeout = 15000;
    request.send();
  });
}

let lookedAt = 0;
async function renew() {
  if (isFetching) { isAsked = true; return; }
  isFetching = true;
  lookedAt = Date.now();
  try {
    const answer = await load(location.href);
    // Neither a proxy that answers for it nor a server without its database says how things stand.
    if (answer.status >= 500 || answer.status === 429) { setLost(true); return; }
    setLost(false);
    if (answer.status === 304) return;
    const page = answer.response;
    if (answer.status !== 200 || !page) { if (answer.status === 401) location.reload(); return; }
    if (!$("[data-live]", page)) { location.reload(); return; }
    // What was left out because somebody is at work there comes with the next look.
    tag = exchange(page) ? answer.getResponseHeader("ETag") : null;
  } catch { setLost(true); } finally {
    isFetching = false;
    if (isAsked) { isAsked = false; setTimeout(renew, 1000); }
  }
}

const original = new Map();

// Says whether all of it is shown now.
function exchange(page) {
  let isWhole = true;
  for (const region of $$("[data-live]")) {
    const fresh = page.getElementById(region.id);
    if (!fresh) continue;
    const markup = fresh.innerHTML;
    if (original.get(region.id) === markup) continue;
    if (isBusy(region)) { isWhole = false; continue; }
    if (region.hasAttribute("data-rows") && holdNewRows(region, fresh)) continue;
    put(region, fresh, markup);
  }
  return isWhole;
}

function put(region, fresh, markup) {
  original.set(region.id, markup);
  const open = new Set($$("details[open][id]", region).map((each) => each.id));
  const focused = region.contains(document.activeElement) ? pathTo(document.activeElement, region) : null;
  const scrolled = $$(".scroll, .picture", region).map((each) => each.scrollLeft);
  const parts = [...fresh.childNodes].map((node) => document.adoptNode(node));
  region.replaceChildren(...parts);
  for (const each of $$("details[id]", region)) if (open.has(each.id)) each.open = true;
  prepare(region);
  $$(".scroll, .picture", region).forEach((each, place) => { each.scrollLeft = scrolled[place] ?? 0; });
  if (follows) for (const svg of $$("svg.graph", region)) showWork(svg);
  countChosen();
  if (focused) focused(region)?.focus({ preventScroll: true });
  tellState();
}

// A run that stands otherwise is told of to whoever does not see it.
const state = () => $("#run-head .title")?.textContent.trim().replace(/\s+/g, " ") ?? "";
let told = state();
function tellState() {
  if (state() === told) return;
  told = state();
  $("#said").textContent = told;
}

// How to find an element again once its region was exchanged.
function pathTo(element, region) {
  if (element.id) return (root) => document.getElementById(element.id) ?? root;
  if (element.matches("a[href]")) return (root) => $$("a[href]", root).find((a) => a.getAttribute("href") === element.getAttribute("href"));
  if (element.matches("summary")) { const id = element.parentElement.id; return () => $("summary", document.getElementById(id) ?? region); }
  const place = $$("*", region).filter((each) => each.tabIndex >= 0).indexOf(element);
  return (root) => $$("*", root).filter((each) => each.tabIndex >= 0)[place];
}

// Rows that are new are told of, and come when they are asked for: nothing jumps under the pointer.
function holdNewRows(region, fresh) {
  const known = new Set($$("[data-key]", region).map((row) => row.dataset.key));
  if (known.size === 0) return false;
  const rows = $$("[data-key]", fresh), added = rows.filter((row) => !known.has(row.dataset.key));
  for (const row of rows) {
    const old = $(`[data-key="${CSS.escape(row.dataset.key)}"]`, region);
    if (old && original.get(row.dataset.key) !== row.innerHTML && !old.contains(document.activeElement)) {
      original.set(row.dataset.key, row.innerHTML);
      const copy = document.importNode(row, true);
      old.replaceChildren(...copy.childNodes);
      prepare(old);
    }
  }
  // Rows that are there no more go when nothing else moves.
  if (added.length === 0) return rows.length === known.size;
  let bar = $("#fresh");
  if (!bar) {
    bar = document.createElement("p");
    bar.id = "fresh";
    bar.className = "fresh";
    bar.setAttribute("role", "status");
    const show = document.createElement("button");
    show.type = "button";
    show.className = "button";
    show.addEventListener("click", () => location.reload());
    bar.append(show);
    region.before(bar);
  }
  bar.firstChild.textContent = `${added.length} new: show`;
  return true;
}

// The server is away: what the page shows stays, it is said since when, and asked again until it answers.
let isLost = false, again = null, asOf = Date.now();
function setLost(lost) {
  if (!button) return;
  clearTimeout(again);
  if (!lost) asOf = Date.now();
  if (lost) again = setTimeout(() => { if (mayLive()) renew(); }, 3000);
  if (lost === isLost) return;
  isLost = lost;
  button.lastElementChild.textContent = lost ? "Offline, trying again" : "Live";
  button.classList.toggle("bad", lost);
  $("#lost")?.remove();
  if (lost) {
    const said = document.createElement("div"), text = document.createElement("p");
    said.id = "lost";
    said.className = "notice bad";
    said.setAttribute("role", "status");
    text.textContent = `The server does not answer. What stands here is as of ${clock.format(asOf)}, and is kept up again as soon as it does.`;
    said.append(text);
    $("#notice").after(said);
  } else if (stream && !source) listen();
}

function stop() {
  source?.close();
  source = null;
  clearInterval(timer);
  timer = null;
}

function listen() {
  stop();
  if (button) button.setAttribute("aria-pressed", String(wantsLive()));
  if (!mayLive()) return;
  if (stream) {
    let soon = null;
    // At most one look a second, however much happens; and at least one, however often.
    const hint = () => { soon ??= setTimeout(() => { soon = null; renew(); }, Math.max(250, 1000 - (Date.now() - lookedAt))); };
    source = new EventSource(stream);
    // Each kind of event has a name of its own; all are one hint.
    for (const kind of eventKinds) source.addEventListener(kind, hint);
    source.onmessage = hint;
    source.onopen = hint;
    // It tries again by itself, unless it was refused: then the page is asked now and then. Whether the server is there, the page knows.
    source.onerror = () => {
      hint();
      if (source?.readyState === EventSource.CLOSED) { stop(); timer = setInterval(tick, 10000); }
    };
  } else if (every) {
    timer = setInterval(tick, Number(every) * 1000);
  }
}
const tick = () => { if (mayLive()) renew(); };
const eventKinds = ["run_started", "attempt_started", "attempt_succeeded", "attempt_failed", "attempt_accepted", "attempt_looked", "callback_received", "attempt_heartbeat", "step_skipped", "wait_started", "await_started", "signal_received", "signal_taken", "elements_started", "elements_ended", "parent_linked", "child_started", "child_cancel_requested", "child_ended", "child_undo_requested", "child_undo_failed", "end_calls_started", "step_succeeded", "step_failed", "step_undoing", "step_abandoned", "cancel_requested", "cancel_refused", "deadline_exceeded", "run_compensating", "run_completed", "run_compensated", "run_cancelled", "run_failed", "retry_requested", "step_resolved", "step_settled", "run_delayed", "run_paused", "run_resumed", "undo_requested", "deadline_missed", "run_quarantined", "restarted_from", "step_kept", "restarted_as"];

if (stream || every) {
  button.hidden = false;
  button.addEventListener("click", () => {
    localStorage.setItem("sagaflow-live", wantsLive() ? "off" : "on");
    listen();
    if (wantsLive()) renew();
  });
  document.addEventListener("visibilitychange", () => { listen(); if (mayLive()) renew(); });
  for (const region of $$("[data-live]")) original.set(region.id, region.innerHTML);
  listen();
}

// A form was sent: what was said of it is not said again when the page is loaded again.
const address = new URL(location.href), did = address.searchParams.get("did");
if (did !== null) {
  for (const name of ["did", "done", "not"]) address.searchParams.delete(name);
  history.replaceState(null, "", address);
}

// Keys; whoever speaks to their machine, or touches keys by mistake, may switch them off.
const keysOn = () => localStorage.getItem("sagaflow-keys") !== "off";
if ($(".foot")) {
  $(".foot").hidden = false;
  $("#keys-open").addEventListener("click", () => $("#keys").showModal());
  $("#keys-on").checked = keysOn();
  $("#keys-on").addEventListener("change", (event) => localStorage.setItem("sagaflow-keys", event.target.checked ? "on" : "off"));
}

function rows() { return $$("tbody tr[data-key], .group[data-key]"); }
function move(step) {
  const all = rows();
  if (all.length === 0) return;
  const focused = all.findIndex((row) => row.contains(document.activeElement));
  const here = focused >= 0 ? focused : all.findIndex((row) => row.classList.contains("here"));
  const next = all[Math.min(all.length - 1, Math.max(0, here < 0 ? 0 : here + step))];
  for (const row of all) row.classList.toggle("here", row === next);
  $("a", next)?.focus();
  next.scrollIntoView({ block: "nearest" });
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const open = $("details.action[open], details.menu[open]");
    if (open) { open.open = false; $("summary", open).focus(); }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
  if (!keysOn()) return;
  switch (event.key) {
    case "/": event.preventDefault(); $("#find")?.focus(); break;
    case "j": move(1); break;
    case "k": move(-1); break;
    case "r": if (stream || every) renew(); else location.reload(); break;
    case "?": $("#keys")?.showModal(); break;
  }
});

prepare();
countChosen();
setInterval(() => { if (!document.hidden) showTimes(); }, 1000);
