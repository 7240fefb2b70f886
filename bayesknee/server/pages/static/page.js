// Makes the forms smoother: the next page comes without a reload, the drawing can be tapped, a changed answer counts at
// once. All of it works without this file, too. It stores nothing.
"use strict";
(() => {
  document.documentElement.classList.add("script");
  const earlier = []; // what was shown before, for the browser's own way back; only in this page's memory
  let busy = false;

  const content = () => document.getElementById("content");

  function say(text) {
    const told = document.createElement("p");
    told.className = "alert";
    told.setAttribute("role", "alert");
    told.textContent = text;
    content().prepend(told);
    told.scrollIntoView({ block: "nearest" });
  }

  function show(html, title) {
    content().innerHTML = html;
    document.title = title;
    ready();
  }

  function focusFirst() {
    const invalid = content().querySelector('[aria-invalid="true"]');
    (invalid || document.getElementById("question") || document.getElementById("main")).focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }

  function fieldsOf(form, button) {
    const fields = new FormData(form);
    if (button && button.name) fields.append(button.name, button.value);
    return fields;
  }

  async function send(form, button) {
    if (busy) return;
    busy = true;
    content().setAttribute("aria-busy", "true");
    const fields = fieldsOf(form, button);
    const body = form.enctype === "multipart/form-data" ? fields : new URLSearchParams(fields);
    const stays = form.hasAttribute("data-fragment") || (button && button.value === "edit");
    try {
      const answer = await fetch((button && button.getAttribute("formaction")) || form.getAttribute("action"), {
        method: "POST", body, cache: "no-store",
      });
      const text = await answer.text();
      if (!(answer.headers.get("content-type") || "").startsWith("text/html")) {
        say(JSON.parse(text).detail);
        return;
      }
      const page = new DOMParser().parseFromString(text, "text/html");
      take(page, stays, form.hasAttribute("data-fragment"));
    } catch (error) {
      say("The server does not answer. Nothing is lost: try again.");
    } finally {
      busy = false;
      content().removeAttribute("aria-busy");
    }
  }

  function take(page, stays, hasFragment) {
    const focused = document.activeElement && document.activeElement.id;
    const open = [...content().querySelectorAll("details")].map((each) => each.open);
    if (!stays) {
      if (!earlier.length) earlier.push([content().innerHTML, document.title]);
      history.pushState({ number: earlier.length }, "");
    }
    show(page.getElementById("content").innerHTML, page.title);
    if (!stays) {
      earlier.length = history.state.number;
      earlier.push([content().innerHTML, document.title]);
      focusFirst();
    } else {
      const now = content().querySelectorAll("details");
      if (now.length === open.length) now.forEach((each, number) => { each.open = open[number]; });
      const again = focused && document.getElementById(focused);
      if (again) again.focus({ preventScroll: true });
    }
    if (hasFragment) writeFragment();
  }

  window.addEventListener("popstate", (event) => {
    const number = event.state ? event.state.number : 0;
    if (earlier[number]) {
      show(...earlier[number]);
      focusFirst();
    }
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.hasAttribute("data-plain") || form.method !== "post") {
      changed = null;
      return;
    }
    event.preventDefault();
    send(form, event.submitter);
  });

  // A choice by the mouse counts at once. By the keyboard each arrow is a change, so there it counts when the field is left.
  let byKey = false;
  let changed = null;
  const workOut = (field) => field.form.requestSubmit(field.form.querySelector("button"));

  document.addEventListener("keydown", () => { byKey = true; }, true);
  document.addEventListener("pointerdown", () => { byKey = false; }, true);
  document.addEventListener("change", (event) => {
    if (!event.target.hasAttribute("data-at-once")) return;
    if (byKey) changed = event.target;
    else workOut(event.target);
  });
  document.addEventListener("focusout", (event) => {
    if (!changed || event.target !== changed) return;
    changed = null;
    setTimeout(() => { if (event.target.isConnected) workOut(event.target); }); // once the focus is where it goes
  });

  // --- the drawing: tapping a place presses the button with its name ---

  const buttonOf = (region) => content().querySelector(`button[data-value="${CSS.escape(region.dataset.value)}"]`);

  document.addEventListener("click", (event) => {
    const region = event.target.closest && event.target.closest(".region");
    if (region && buttonOf(region)) buttonOf(region).click();
    if (event.target.closest && event.target.closest("[data-print]")) print_report();
  });

  for (const [kind, near] of [["mouseover", true], ["focusin", true], ["mouseout", false], ["focusout", false]]) {
    document.addEventListener(kind, (event) => {
      const button = event.target.closest && event.target.closest("button[data-value]");
      if (!button) return;
      for (const region of content().querySelectorAll(".region")) {
        if (region.dataset.value === button.dataset.value) region.classList.toggle("near", near);
      }
    });
  }

  // --- the report ---

  function print_report() {
    window.frames.report.focus();
    window.frames.report.print();
  }

  // --- two patients: the answers in the address, behind the #, which is not sent to the server ---

  function writeFragment() {
    const form = content().querySelector("form[data-fragment]");
    if (!form) return;
    const told = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && value) told.append(name, value);
    }
    history.replaceState(history.state, "", `#${told}`);
  }

  function readFragment() {
    const form = content().querySelector("form[data-fragment]");
    if (!form || location.hash.length < 2) return;
    for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
      const field = form.elements.namedItem(name);
      if (field && "value" in field && field.type !== "file") {
        field.value = value;
      } else if (/^[ab]\.is\./.test(name)) {
        const added = document.createElement("input");
        Object.assign(added, { type: "hidden", name, value });
        form.append(added);
      }
    }
    send(form, null);
  }

  // --- whenever there is something new to see ---

  function ready() {
    const report = content().querySelector('form[target="report"]');
    if (report) report.requestSubmit(report.querySelector("button"));
  }

  // --- a network while it is written: looked at again once a file is saved ---

  setInterval(async () => {
    const main = content().querySelector("[data-stamp]");
    if (!main || busy || document.hidden) return;
    try {
      const { stamp } = await (await fetch("/author/stamp", { cache: "no-store" })).json();
      if (stamp === main.dataset.stamp) return;
      const text = await (await fetch(location.href, { cache: "no-store" })).text();
      const page = new DOMParser().parseFromString(text, "text/html");
      show(page.getElementById("content").innerHTML, page.title);
    } catch (error) {
      // The server is stopped; it is asked again.
    }
  }, 1000);

  window.addEventListener("beforeunload", (event) => {
    if (content().querySelector("[data-case]")) event.preventDefault();
  });

  document.addEventListener("DOMContentLoaded", () => {
    ready();
    readFragment();
  });
})();
