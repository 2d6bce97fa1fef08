// The editor of definitions: what the text would be is asked a moment after it was changed.
const editor = $("#editor");
if (editor) startEditor(editor, $("#definition"));

function startEditor(form, text) {
  const parts = ["check-says", "check-findings", "check-graph", "check-will"], height = 20;
  const loaded = text.defaultValue, draftKey = `sagaflow-draft ${location.pathname}`;
  let request = null, timer = null, askedAt = 0, changedAt = 0, asked = null, isSending = false, mayLeave = false, lines = [];

  // Line numbers: those that can be seen.
  const gutter = $("#gutter");
  gutter.hidden = false;
  form.classList.add("numbered");
  $("#definition-keys").hidden = false;
  const count = () => { lines = text.value.split("\n"); number(); };
  function number() {
    const first = Math.floor(text.scrollTop / height), tones = new Map($$("[data-line]", form).map((a) => [Number(a.dataset.line), a.dataset.tone]));
    const seen = [];
    for (let line = first + 1; line <= Math.min(lines.length, first + Math.ceil(text.clientHeight / height) + 1); line++) {
      const mark = document.createElement("span");
      mark.textContent = line;
      mark.className = tones.get(line) ?? "";
      seen.push(mark);
    }
    gutter.replaceChildren(...seen);
    gutter.style.transform = `translateY(${first * height - text.scrollTop}px)`;
  }
  text.addEventListener("scroll", number);
  new ResizeObserver(number).observe(text);

  function go(line, column) {
    let start = 0;
    for (let n = 1; n < line && n < lines.length; n++) start += lines[n - 1].length + 1;
    const all = lines[line - 1] ?? "", before = [...all].slice(0, column - 1).join("").length;
    text.focus();
    text.setSelectionRange(start + before, start + all.length);
    text.scrollTop = Math.max(0, (line - 5) * height);
    text.scrollIntoView({ block: "nearest" });
  }
  form.addEventListener("click", (event) => {
    const link = event.target.closest("[data-line]"), step = event.target.closest("svg [data-step]");
    if (link) { event.preventDefault(); go(Number(link.dataset.line), Number(link.dataset.column)); }
    const places = step && new Map($("#check-graph").dataset.steps?.split(" ").map((each) => each.split(":")));
    if (places?.has(step.dataset.step)) go(Number(places.get(step.dataset.step)), 1);
    if (event.target.closest('button[value="check"]')) { event.preventDefault(); asked = null; check(); }
  });

  // Asking: once nothing is typed for a moment, at most once a second, also while somebody goes on and on; the newest text wins.
  function soon() {
    const now = Date.now();
    changedAt ||= now;
    clearTimeout(timer);
    timer = setTimeout(check, Math.max(askedAt + 1000 - now, Math.min(350, changedAt + 1000 - now)));
  }
  function check() {
    changedAt = 0;
    const body = new URLSearchParams(new FormData(form)).toString();
    keep();
    if (body === asked) return;
    request?.abort();
    [asked, askedAt, request] = [body, Date.now(), new XMLHttpRequest()];
    request.open("POST", form.dataset.check);
    request.setRequestHeader("Content-Type", "application/x-www-form-urlencoded");
    request.responseType = "document";
    request.timeout = 15000;
    request.onload = (event) => show(event.target);
    request.onerror = request.ontimeout = () => fail("It could not be checked: the server does not answer.");
    request.send(body);
  }
  function fail(words) {
    asked = null;
    const said = document.createElement("p");
    said.className = "state bad";
    said.textContent = words;
    $("#check-says").replaceChildren(said);
    clearTimeout(timer);
    timer = setTimeout(check, 5000);
  }
  function show(answer) {
    const page = answer.response;
    if (!page?.getElementById("check-says")) {
      const isOut = answer.responseURL.includes("/login");
      return fail(isOut ? "You are logged out. Log in in another tab: the text stays here." : page?.querySelector(".sentence")?.textContent ?? "It could not be checked.");
    }
    for (const id of parts) {
      const old = document.getElementById(id), fresh = page.getElementById(id);
      if (id === "check-graph") {
        const keeps = !$("svg", fresh) && $("svg", old);
        old.classList.toggle("stale", Boolean(keeps));
        $("#check-old").hidden = !keeps;
        if (keeps) continue;
        old.dataset.steps = fresh.dataset.steps ?? "";
      }
      if (original.get(id) === fresh.innerHTML) continue;
      const open = $("details", old)?.open, scroll = $(".picture", old)?.scrollLeft ?? 0;
      original.set(id, fresh.innerHTML);
      old.replaceChildren(...[...fresh.childNodes].map((node) => document.adoptNode(node)));
      if (open) $("details", old).open = true;
      prepare(old);
      if ($(".picture", old)) $(".picture", old).scrollLeft = scroll;
    }
    number();
  }

  // Typing: Tab indents, unless Escape came before it.
  function put(from, to, words) {
    text.setSelectionRange(from, to);
    // The only way to write that the browser's undo knows of.
    if (!document.execCommand("insertText", false, words)) { text.setRangeText(words, from, to, "end"); changed(); }
  }
  text.addEventListener("keydown", (event) => {
    const { selectionStart: from, selectionEnd: to, value } = text, start = value.lastIndexOf("\n", from - 1) + 1;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "Tab" && plain && !mayLeave) {
      event.preventDefault();
      if (from === to && !event.shiftKey) return put(from, to, " ".repeat(2 - (from - start) % 2));
      const block = value.slice(start, to), moved = event.shiftKey ? block.replace(/^ {1,2}/gm, "") : block.replace(/^(?=.)/gm, "  ");
      if (moved === block) return;
      put(start, to, moved);
      if (from === to) text.setSelectionRange(Math.max(start, to + moved.length - block.length), Math.max(start, to + moved.length - block.length));
      else text.setSelectionRange(start, start + moved.length);
    } else if (event.key === "Enter" && plain && !event.shiftKey && !event.isComposing) {
      const line = value.slice(start, from), indent = line.match(/^ */)[0] + (/[[{:]\s*$/.test(line) ? "  " : "");
      event.preventDefault();
      put(from, to, `\n${indent}`);
    }
    mayLeave = event.key === "Escape" || (mayLeave && event.key === "Shift");
  });

  // What is written stays until it is registered: in this tab, and nowhere else.
  const isChanged = () => text.value !== loaded || "unsaved" in text.dataset;
  function keep() {
    try {
      if (isChanged()) sessionStorage.setItem(draftKey, text.value); else sessionStorage.removeItem(draftKey);
    } catch { /* There is no room for it. */ }
  }
  function changed() { count(); soon(); }
  text.addEventListener("input", changed);
  for (const field of $$('[name="compare"], [name="tenant"]', form)) field.addEventListener("change", soon);
  form.addEventListener("submit", () => { isSending = true; keep(); });
  addEventListener("pagehide", keep);
  addEventListener("beforeunload", (event) => { if (isChanged() && !isSending) event.preventDefault(); });

  const draft = sessionStorage.getItem(draftKey);
  if (draft !== null && draft !== text.value && !("unsaved" in text.dataset)) {
    text.value = draft;
    const note = document.createElement("p"), undo = document.createElement("button");
    note.className = "notice good";
    note.textContent = "This is what you wrote here before. ";
    undo.type = "button";
    undo.className = "button";
    undo.textContent = "Begin anew";
    undo.addEventListener("click", () => { text.value = loaded; note.remove(); text.focus(); changed(); });
    note.append(undo);
    $("#notice").append(note);
    soon();
  }
  for (const id of parts) original.set(id, document.getElementById(id).innerHTML);
  const svg = $("#check-graph svg"), room = svg?.parentElement.clientWidth ?? 0;
  if (room > 500 && svg.clientWidth > room) $('#check-graph .tools [aria-label^="As wide"]').click();
  count();
}

// What is registered, or left with its reader, is no draft any more.
function forgetDrafts() {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith("sagaflow-draft ")) sessionStorage.removeItem(key);
}
if (did === "registered") forgetDrafts();
document.addEventListener("submit", (event) => { if (event.target.getAttribute("action")?.endsWith("/logout")) forgetDrafts(); });
