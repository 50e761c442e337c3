// Puts a page in place of the one that is there, with its styles and scripts, and keeps what was set up.
async function written(address) {
  const page = await (await fetch(address)).text();
  document.open();
  document.write(page);
  document.close();
  return document.querySelector("h1,title") ? [] : ["there is no page"];
}

// Answers what is wrong with the page as it is shown now, one text each: by all of axe-core's rules, those of best practice too,
// or by those alone that look at colours.
async function audit(colours) {
  const wrong = [];
  const {violations} = await axe.run(document, {resultTypes: ["violations"], preload: false, selectors: false, iframes: false,
    ...(colours && {runOnly: ["color-contrast", "link-in-text-block"]})});
  for (const v of violations) for (const n of v.nodes) wrong.push(`${v.id}: ${n.html.slice(0, 200)} ${n.failureSummary}`);
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) wrong.push(`it scrolls sideways: ${root.scrollWidth} px`);
  for (const a of document.links) if (a.protocol.startsWith("http") && !a.checkVisibility()) wrong.push(`a link is not to be seen: ${a.outerHTML.slice(0, 120)}`);
  return wrong;
}

// Answers what is wrong with the page as its headers let it be; with much more for one of a wizard or form.
function loaded(isForm) {
  const blocked = [...document.querySelectorAll("style")].filter(e => !e.sheet?.cssRules.length);
  return [...blocked.map(e => `its policy blocks a style: ${e.outerHTML.slice(0, 120)}`), ...(isForm ? form() : [])];
}

// Answers what is wrong with the page of a wizard or form: targets, headings, where the focus is.
function form() {
  const wrong = [], at = e => e.outerHTML.slice(0, 120);
  const seen = e => e.checkVisibility() && !e.matches(".vh,.skip");
  for (const e of [...document.querySelectorAll("a[href],button,input:not([type=hidden]),select,.opt label")].filter(seen)) {
    if (e.matches(".opt input") || e.closest(".summary")) continue; // its label is the target; links in a list of sentences
    const {width, height} = e.getBoundingClientRect();
    if (width < 44 || height < 44) wrong.push(`a target of ${width} by ${height} px: ${at(e)}`);
  }
  if (performance.getEntriesByType("resource").length) wrong.push("it loads more than itself");
  if (document.querySelectorAll("h1").length != 1) wrong.push("it has not one h1");
  for (const e of document.querySelectorAll("input:not([type=hidden]),select"))
    if (!e.labels.length) wrong.push(`it has no label: ${at(e)}`);
  for (const e of document.querySelectorAll("input[name$=email],input[name$=_phone],select[name$=country],input[name=main_number],input[name=postal_code],input[type=password]"))
    if (e.type != "hidden" && !e.autocomplete) wrong.push(`it has no autocomplete: ${at(e)}`);
  const summary = document.getElementById("problem");
  if (!summary) return wrong;
  if (document.activeElement != summary) wrong.push("the summary has not the focus");
  if (summary.getAttribute("role") != "alert") wrong.push("the summary is no alert");
  if (summary.querySelectorAll("li").length != document.querySelectorAll(".err").length + [...summary.querySelectorAll("li")].filter(li => !li.firstElementChild).length)
    wrong.push("the summary and the fields tell different problems");
  for (const a of summary.querySelectorAll("a")) {
    a.click();
    const field = document.activeElement;
    if ("#" + field.id != a.hash) wrong.push(`the link ${a.hash} leads to ${at(field)}`);
    const told = [field, field.closest("fieldset")].flatMap(e => (e?.getAttribute("aria-describedby") || "").split(" "));
    if (!told.some(id => document.getElementById(id)?.textContent == a.textContent)) wrong.push(`the field does not tell its problem: ${at(field)}`);
  }
  return wrong;
}
