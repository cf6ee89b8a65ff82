// Comfort only: long lists are asked for in parts, with a bar; without this file, all at once.
"use strict";

const asking = document.getElementById("asking");
const chosen = document.getElementById("chosen");
const progress = document.getElementById("progress");
const summary = document.getElementById("summary");
const language = document.documentElement.lang;
const said = (words, values) => Object.entries(values).reduce(
  (text, [name, value]) => text.replace(name, value.toLocaleString(language)), words);

const problem = async (answer) => {
  const told = await answer.json().catch(() => ({ detail: `${answer.status}` }));
  return new Error(told.detail);
};

const part = async (lines, first) => {
  const form = new URLSearchParams(new FormData(asking));
  form.set("lines", lines.join("\n"));
  form.set("first", first);
  form.set("part", "1");
  const headers = { Accept: "text/html;q=0.9, application/problem+json" };
  const answer = await fetch(asking.action, { method: "POST", body: form, headers });
  if (!answer.ok) throw await problem(answer);
  return answer.text();
};

const show = (done, all) => {
  progress.hidden = false;
  progress.querySelector("progress").max = all;
  progress.querySelector("progress").value = done;
  progress.querySelector(".count").textContent = said(
    asking.dataset.progress, { LINES: all, DONE: done });
};

let turn = 0;
asking.addEventListener("submit", async (event) => {
  const lines = asking.elements.lines.value.split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
  if (!lines.length || lines.length > Number(asking.dataset.most)) return;
  event.preventDefault();
  const mine = ++turn;
  const size = Number(asking.dataset.batch);
  const body = chosen.querySelector("tbody");
  const saving = chosen.querySelectorAll(".saving button");
  body.replaceChildren();
  chosen.hidden = false;
  summary.textContent = "";
  saving.forEach((each) => { each.disabled = true; });
  show(0, lines.length);
  try {
    for (let done = 0; done < lines.length; done += size) {
      const rows = await part(lines.slice(done, done + size), done + 1);
      if (mine !== turn) return;
      body.insertAdjacentHTML("beforeend", rows);
      show(Math.min(done + size, lines.length), lines.length);
    }
    const sure = [...body.rows].filter((row) => row.querySelector("input:checked")).length;
    summary.textContent = said(asking.dataset.summary, { LINES: lines.length, SURE: sure });
    saving.forEach((each) => { each.disabled = false; });
  } catch (error) {
    if (mine === turn) summary.textContent = `${asking.dataset.stopped} ${error.message}`;
  }
});
