// Views: filters that somebody keeps, under a name, in this browser.
const ownViews = $("#views");
if (ownViews) {
  const form = $("#save-view"), name = $("#view-name");
  const kept = () => { try { return JSON.parse(localStorage.getItem("sagaflow-views")) ?? []; } catch { return []; } };
  const keep = (views) => { localStorage.setItem("sagaflow-views", JSON.stringify(views)); showViews(); };
  // Where the list begins is not of the view.
  const here = () => { const query = new URLSearchParams(location.search); for (const each of ["cursor", "did", "done", "not"]) query.delete(each); return query.toString(); };
  function showViews() {
    for (const old of $$("[data-own]", ownViews)) old.remove();
    for (const view of kept()) {
      const item = document.createElement("li"), link = document.createElement("a"), drop = document.createElement("button");
      item.dataset.own = "";
      link.href = `${location.pathname}?${view.query}`;
      link.textContent = view.name;
      if (view.query === here()) link.setAttribute("aria-current", "true");
      drop.type = "button";
      drop.className = "quiet-button";
      drop.textContent = "×";
      drop.setAttribute("aria-label", `Forget the view ${view.name}`);
      drop.addEventListener("click", () => keep(kept().filter((each) => each.name !== view.name)));
      item.append(link, drop);
      ownViews.append(item);
    }
    form.hidden = here() === "";
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = name.value.trim();
    if (!text) { name.focus(); return; }
    keep([...kept().filter((each) => each.name !== text), { name: text, query: here() }].slice(-20));
    name.value = "";
  });
  showViews();
}

// What is asked of many runs goes on by itself until somebody stops it.
const goOn = $("[data-go-on]");
if (goOn) {
  const stop = $("#stop");
  const next = setTimeout(() => goOn.requestSubmit(), 400);
  stop.hidden = false;
  stop.addEventListener("click", () => { clearTimeout(next); stop.hidden = true; });
}
