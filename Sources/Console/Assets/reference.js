// The reference: finds routes by their words, and unfolds the one that an address names.
const finder = $("#reference-find");
if (finder) {
  finder.hidden = false;
  const all = $$("[data-words]").map((row) => [row, row.textContent.toLowerCase()]);
  $("#reference-words").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/);
    let found = 0;
    for (const [row, text] of all) {
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) found++;
    }
    for (const section of $$("[data-section]")) section.hidden = !$("[data-words]:not([hidden])", section);
    $("#reference-found").textContent = found === 1 ? "1 route" : `${found} routes`;
  });
}
function unfold() {
  const folded = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest("details.operation");
  if (folded && !folded.open) { folded.open = true; folded.scrollIntoView(); }
}
addEventListener("hashchange", unfold);
unfold();
