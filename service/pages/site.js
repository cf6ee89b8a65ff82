// Comforts only: every page works without this file.
"use strict";

for (const box of document.querySelectorAll("input[data-suggest]")) {
  const list = document.createElement("datalist");
  list.id = "suggestions";
  box.setAttribute("list", list.id);
  box.after(list);
  let waiting = 0;
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const prefix = box.value.trim();
      if (!prefix) return list.replaceChildren();
      const answer = await fetch(box.dataset.suggest + "?prefix=" + encodeURIComponent(prefix));
      if (!answer.ok || prefix !== box.value.trim()) return;
      const { items } = await answer.json();
      list.replaceChildren(...items.map((item) => {
        const option = document.createElement("option");
        option.value = item.label;
        option.label = item.notation ? `${item.notation} ${item.label}` : item.label;
        return option;
      }));
    }, 120);
  });
}

const copyButton = (text, name) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copier";
  button.textContent = "写す";
  button.setAttribute("aria-label", `${name} を写す`);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "写しました";
    setTimeout(() => { button.textContent = "写す"; }, 2000);
  });
  return button;
};

if (navigator.clipboard) {
  for (const each of document.querySelectorAll("[data-copy]")) {
    each.after(" ", copyButton(each.dataset.copy, each.dataset.name));
  }
  for (const each of document.querySelectorAll("[data-copy-block]")) {
    each.after(copyButton(each.textContent, each.dataset.copyBlock));
  }
}
