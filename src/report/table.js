"use strict";
// Sorts, filters and pages the table. What is shown is in the address, behind the #, so that it can be sent as a link.
(() => {
  const PAGE = 500;
  const [body, more] = document.querySelectorAll("tbody");
  const headings = [...document.querySelectorAll("thead th")];
  const controls = document.querySelector(".controls");
  const filter = controls.querySelector("input");
  const status = controls.querySelector("[role=status]");
  const pages = controls.querySelector(".pages");
  const [previous, next] = pages.querySelectorAll("button");
  const collator = new Intl.Collator(undefined, { numeric: true });

  const written = [...body.rows, ...(more ? more.rows : [])];
  const texts = new Map();
  let sorted = written;
  let matching = written;
  let page = 0;
  let sort = { column: -1, order: "none" };

  // The number of a cell, else its text; null where there is nothing, which comes last in every order.
  function key(cell) {
    const value = cell.dataset.value;
    if (value === "") return null;
    if (value === undefined) return cell.textContent;
    return value === "inf" ? Infinity : value === "-inf" ? -Infinity : Number(value);
  }

  // Numbers before texts. Equals stay as they were written.
  function compare(a, b) {
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return typeof a === "number" ? a - b : collator.compare(a, b);
  }

  function arrange() {
    const { column, order } = sort;
    const sign = order === "descending" ? -1 : 1;
    sorted = written;
    if (order !== "none") {
      const keyed = written.map((row) => ({ row, key: key(row.cells[column]) }));
      const [there, missing] = [keyed.filter(({ key }) => key !== null), keyed.filter(({ key }) => key === null)];
      sorted = [...there.sort((a, b) => sign * compare(a.key, b.key)), ...missing].map(({ row }) => row);
    }
    headings.forEach((heading, at) => {
      if (at === column && order !== "none") heading.setAttribute("aria-sort", order);
      else heading.removeAttribute("aria-sort");
    });
  }

  function text(row) {
    if (!texts.has(row)) texts.set(row, [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase());
    return texts.get(row);
  }

  // Only what is shown is part of the document: thousands of rows are slow to lay out, even hidden.
  function put(rows) {
    const all = document.createDocumentFragment();
    for (const row of rows) all.append(row);
    body.replaceChildren(all);
  }

  function show() {
    const words = filter.value.toLowerCase().split(/\s+/).filter((word) => word);
    matching = words.length ? sorted.filter((row) => words.every((word) => text(row).includes(word))) : sorted;
    page = Math.max(0, Math.min(page, Math.ceil(matching.length / PAGE) - 1));
    const first = page * PAGE;
    const last = Math.min(first + PAGE, matching.length);
    put(matching.slice(first, last));
    const count = words.length ? `${matching.length} of ${written.length} rows` : `${written.length} rows`;
    status.textContent = matching.length > PAGE ? `${count}, here ${first + 1} to ${last}` : count;
    pages.hidden = matching.length <= PAGE;
    previous.disabled = page === 0;
    next.disabled = last === matching.length;
  }

  function remember() {
    const address = new URLSearchParams();
    if (sort.order !== "none") {
      address.set("sort", headings[sort.column].dataset.key);
      address.set("order", sort.order);
    }
    if (filter.value) address.set("filter", filter.value);
    try {
      history.replaceState(null, "", "#" + address);
    } catch {
      // Some places do not let a page change its address.
    }
  }

  function recall() {
    const address = new URLSearchParams(location.hash.slice(1));
    const wanted = address.get("sort");
    let column = headings.findIndex((heading) => heading.dataset.key === wanted);
    if (column < 0) column = headings.findIndex((heading) => heading.dataset.name === wanted);
    const orders = ["ascending", "descending"];
    const order = orders.find((order) => order === address.get("order")) ?? headings[column]?.dataset.first ?? "none";
    sort = column < 0 ? { column, order: "none" } : { column, order };
    filter.value = address.get("filter") ?? "";
    page = 0;
    arrange();
    show();
  }

  // First the usual order, then the other one, then as it was written.
  function click(column) {
    const first = headings[column].dataset.first;
    const other = first === "ascending" ? "descending" : "ascending";
    const following = new Map([[first, other], [other, "none"]]);
    sort = { column, order: (sort.column === column && following.get(sort.order)) || first };
    page = 0;
    arrange();
    show();
    remember();
  }

  function turn(by) {
    page += by;
    show();
    document.querySelector(".scroll").scrollTop = 0;
  }

  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => click(column));
    heading.append(button);
  });
  filter.addEventListener("input", () => {
    page = 0;
    show();
    remember();
  });
  previous.addEventListener("click", () => turn(-1));
  next.addEventListener("click", () => turn(1));
  addEventListener("hashchange", recall);
  addEventListener("beforeprint", () => put(matching));
  addEventListener("afterprint", show);
  more?.remove();
  controls.hidden = false;
  recall();
})();
