// Nothing here is needed to read the report: it unfolds what a link leads to, finds and filters.
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const byId = id => document.getElementById(id);
const WORD = { c: "conforms", v: "violates", i: "inconclusive", u: "unsupported", b: "broken" };
const SIGN = JSON.parse(document.body.dataset.signs);

function unfold() {
  const there = byId(location.hash.slice(1));
  for (let up = there; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
  if (there) there.scrollIntoView();
}
addEventListener("hashchange", unfold);
addEventListener("beforeprint", () => all("details").forEach(one => { one.open = true; }));

const find = byId("find"), target = byId("target"), profile = byId("profile"), said = byId("said");
const pressed = () => all("#words button[aria-pressed=true]").map(one => one.value);

function matching(part, text, words) {
  return (!text || text.split(/\s+/).every(word => part.textContent.toLowerCase().includes(word))) &&
    (!words.length || words.some(word => part.dataset.words.split(" ").includes(word)));
}

// Of the matrix: the column of the chosen target, the words of the chosen profile.
function matrix() {
  const by = profile ? profile.value : "", only = target ? target.value : "";
  for (const row of all(".matrix tr")) {
    all("[data-column]", row).forEach(cell => { cell.hidden = only !== "" && cell.dataset.column !== only; });
    const shown = all("td[data-column]", row).filter(cell => !cell.hidden);
    for (const cell of shown) {
      const letter = by === "" ? cell.dataset.worst : (cell.dataset.by || "")[by] || ".";
      const word = WORD[letter] || "none", link = cell.firstElementChild;
      cell.className = word;
      cell.dataset.word = word;
      if (link.tagName === "A") {
        link.children[0].textContent = SIGN[word];
        link.children[1].textContent = word === "none" ? "not asked" : word;
      }
    }
    if (shown.length) row.dataset.words = [...new Set(shown.map(cell => cell.dataset.word))].join(" ");
  }
}

function filter() {
  matrix();
  const text = find.value.trim().toLowerCase(), words = pressed(), only = target ? target.value : "";
  const counts = [];
  for (const [selector, name] of [[".matrix tbody tr", "rules"], [".violation", "violations"], [".reason", "reasons"], [".rule", "rule pages"]]) {
    const parts = all(selector);
    for (const part of parts) {
      part.hidden = !matching(part, text, words) || (only !== "" && "target" in part.dataset && part.dataset.target !== only);
    }
    const shown = parts.filter(part => !part.hidden).length;
    if (parts.length && selector !== ".rule") counts.push(`${shown} of ${parts.length} ${name}`);
  }
  all(".entry").forEach(entry => { entry.hidden = only !== "" && entry.dataset.target !== only; });
  all(".some").forEach(part => { part.querySelector(".nothing").hidden = all("[data-words]", part).some(one => !one.hidden); });
  said.textContent = text || words.length || only ? `${counts.join(", ")} shown` : "";
}

byId("filter").hidden = false;
byId("everything").addEventListener("click", () => {
  [find, target, profile].forEach(choice => { if (choice) choice.value = ""; });
  all("#words button").forEach(one => one.setAttribute("aria-pressed", "false"));
  filter();
});
find.addEventListener("input", filter);
[target, profile].forEach(choice => choice && choice.addEventListener("change", filter));
all("#words button").forEach(button => button.addEventListener("click", () => {
  button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
  filter();
}));
filter();
unfold();
