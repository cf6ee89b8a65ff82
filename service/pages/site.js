// Comforts only: every page works without this file.
"use strict";

const say = (ja, en) => document.documentElement.lang === "en" ? en : ja;

const suggesting = (box) => {
  const list = document.createElement("ul");
  list.id = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", say("候補", "Suggestions"));
  box.after(list);
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);
  let waiting = 0;
  let turn = 0;

  const show = (items) => {
    list.replaceChildren(...items.map((item, at) => {
      const option = document.createElement("li");
      option.id = `suggestion-${at}`;
      option.setAttribute("role", "option");
      option.dataset.value = item.label;
      option.textContent = item.notation ? `${item.notation} ${item.label}` : item.label;
      return option;
    }));
    list.hidden = !items.length;
    box.setAttribute("aria-expanded", String(!list.hidden));
    box.removeAttribute("aria-activedescendant");
  };
  const close = () => {
    turn += 1; // an answer still on its way must not open the list again
    show([]);
  };
  const chosen = () => list.querySelector("[aria-selected=true]");
  const move = (step) => {
    const options = [...list.children];
    const now = options.indexOf(chosen());
    const next = options.at((now < 0 && step < 0 ? 0 : now) + step) ?? options[0];
    chosen()?.removeAttribute("aria-selected");
    next.setAttribute("aria-selected", "true");
    next.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", next.id);
  };
  const take = (option) => {
    box.value = option.dataset.value;
    close();
    box.form.requestSubmit();
  };

  box.addEventListener("input", () => {
    const mine = ++turn;
    const prefix = box.value.trim();
    clearTimeout(waiting);
    if (!prefix) return show([]);
    waiting = setTimeout(async () => {
      const answer = await fetch(box.dataset.suggest + "?prefix=" + encodeURIComponent(prefix));
      const items = answer.ok ? (await answer.json()).items : [];
      if (mine === turn) show(items);
    }, 120);
  });
  box.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Enter" && chosen()) take(chosen());
    else return;
    event.preventDefault();
  });
  box.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
};

document.querySelectorAll("input[data-suggest]").forEach(suggesting);

const copyButton = (text, name) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copier";
  button.textContent = say("写す", "Copy");
  button.setAttribute("aria-label", say(`${name} を写す`, `Copy ${name}`));
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = say("写しました", "Copied");
    setTimeout(() => { button.textContent = say("写す", "Copy"); }, 2000);
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
