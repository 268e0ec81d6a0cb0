// Knows how the page answers its reader: it draws on hand, sorts and searches. All figures are in the
// page; the script only reads them. Without it the tables are whole, and sparklines are letters.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const DAY = 86400000;
  const first = Date.parse(data.first);
  const dayOf = (number) => new Date(first + number * DAY).toISOString().slice(0, 10);

  // Quantities are whole numbers of smallest units, of any size.
  function shown(quantity) {
    const digits = (quantity < 0n ? -quantity : quantity).toString().padStart(data.decimals + 1, "0");
    const whole = digits.slice(0, digits.length - data.decimals);
    const rest = data.decimals ? "." + digits.slice(-data.decimals) : "";
    return (quantity < 0n ? "-" : "") + whole + rest;
  }
  const change = (quantity) => (quantity > 0n ? "+" : "") + shown(quantity);

  // Return the whole numbers of a text that was packed as source maps are (base64 VLQ).
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  function numbers(text) {
    const found = [];
    let value = 0n;
    let shift = 0n;
    for (const letter of text) {
      const bits = LETTERS.indexOf(letter);
      value += BigInt(bits & 31) << shift;
      shift += 5n;
      if (bits < 32) {
        found.push(value & 1n ? -(value >> 1n) : value >> 1n);
        value = shift = 0n;
      }
    }
    return found;
  }

  // Return [{day, value}] of a text of pairs: the days since the one before, and a value.
  function pairs(text, running) {
    const words = numbers(text);
    const found = [];
    let day = 0;
    let value = 0n;
    for (let at = 0; at < words.length; at += 2) {
      day += Number(words[at]);
      value = words[at + 1] + (running ? value : 0n);
      found.push({ day, value });
    }
    return found;
  }

  function courseOf(number) {
    const [sku, steps, counts, voided] = data.courses[number];
    let day = 0;
    return {
      sku,
      steps: pairs(steps, true),
      counts: pairs(counts, false),
      voided: numbers(voided).map((gap) => (day += Number(gap))),
    };
  }

  // On hand at the end of a day.
  function levelAt(steps, day) {
    let low = 0;
    let high = steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (steps[middle].day <= day) low = middle + 1;
      else high = middle;
    }
    return low ? steps[low - 1].value : 0n;
  }

  function element(name, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  // Return what places days and quantities in a box, and the path of the steps in it.
  function scaled(steps, left, top, right, bottom) {
    const levels = steps.map((step) => Number(step.value));
    const most = levels.reduce((a, b) => Math.max(a, b), 0);
    const least = levels.reduce((a, b) => Math.min(a, b), 0);
    const x = (day) => left + ((right - left) * day) / (data.span || 1);
    const y = (value) => bottom - ((bottom - top) * (value - least)) / (most - least || 1);
    let path = `M${x(0)} ${y(0)}`;
    steps.forEach((step, at) => (path += `H${x(step.day).toFixed(1)}V${y(levels[at]).toFixed(1)}`));
    return { x, y, most, least, path: path + `H${x(data.span || 1)}` };
  }

  // ---- the chart of one SKU

  const MARGIN = { left: 64, top: 14, right: 14, bottom: 26 };
  let course = null;

  function niceTicks(least, most) {
    const rough = (most - least || 1) / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((size) => size >= rough);
    const smallest = data.decimals ? step : Math.max(1, step);
    const ticks = [];
    for (let at = Math.ceil(least / smallest); at * smallest <= most; at++) ticks.push(at * smallest);
    return ticks;
  }

  // Return the days at which a month, or a year, begins; not more than will do.
  function dateTicks(most) {
    const months = (data.span * DAY) / (30.4 * DAY);
    const step = [1, 2, 3, 6, 12, 24, 60, 120, 240].find((size) => months / size <= most) || 480;
    const start = new Date(first);
    const ticks = [];
    for (let month = 0; ; month += 1) {
      const at = Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + month, 1);
      const day = (at - first) / DAY;
      if (day > data.span) return ticks;
      const number = new Date(at).getUTCFullYear() * 12 + new Date(at).getUTCMonth();
      if (day >= 0 && number % step === 0) ticks.push(day);
    }
  }

  function draw() {
    const width = Math.max(280, byId("plot").clientWidth);
    const height = 260;
    const right = width - MARGIN.right;
    const bottom = height - MARGIN.bottom;
    const { x, y, most, least, path } = scaled(course.steps, MARGIN.left, MARGIN.top, right, bottom);
    const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-labelledby": "summary" });
    const unit = 10 ** data.decimals;
    if (data.from > 0) {
      const end = Math.min(x(data.from), right);
      svg.append(element("rect", { class: "before", x: MARGIN.left, y: MARGIN.top, width: end - MARGIN.left, height: bottom - MARGIN.top }));
    }
    for (const tick of niceTicks(least / unit, most / unit)) {
      const at = y(tick * unit);
      svg.append(element("line", { class: tick === 0 ? "zero" : "grid", x1: MARGIN.left, x2: right, y1: at, y2: at }));
      const label = String(Number(tick.toPrecision(12)));
      svg.append(element("text", { x: MARGIN.left - 6, y: at + 4, "text-anchor": "end" }, label));
    }
    for (const day of dateTicks(width / 80)) {
      svg.append(element("line", { class: "grid", x1: x(day), x2: x(day), y1: bottom, y2: bottom + 4 }));
      svg.append(element("text", { x: x(day), y: bottom + 18, "text-anchor": "middle" }, dayOf(day).slice(0, 7)));
    }
    svg.append(element("path", { class: "area", d: `${path}V${y(0)}H${x(0)}Z` }));
    svg.append(element("path", { class: "line", d: path }));
    for (const { day } of course.counts) {
      const [a, b] = [x(day), y(Number(levelAt(course.steps, day)))];
      svg.append(element("path", { class: "count", d: `M${a} ${b - 6}L${a + 6} ${b}L${a} ${b + 6}L${a - 6} ${b}Z` }));
    }
    for (const day of course.voided) {
      const [a, b] = [x(day), y(Number(levelAt(course.steps, day)))];
      svg.append(element("path", { class: "void", d: `M${a - 4} ${b - 4}l8 8m0 -8l-8 8` }));
    }
    const pointer = element("line", { class: "pointer", y1: MARGIN.top, y2: bottom, visibility: "hidden" });
    svg.append(pointer);
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const part = (((event.clientX - box.left) * width) / box.width - MARGIN.left) / (right - MARGIN.left);
      const day = Math.round(Math.min(1, Math.max(0, part)) * data.span);
      pointer.setAttribute("x1", x(day));
      pointer.setAttribute("x2", x(day));
      pointer.setAttribute("visibility", "visible");
      byId("at").textContent = `${dayOf(day)}: ${shown(levelAt(course.steps, day))}`;
    });
    byId("plot").replaceChildren(svg);
  }

  function summary() {
    const { sku, steps, counts, voided } = course;
    if (!steps.length) return `${sku}: nothing was ever on hand.`;
    const low = steps.reduce((a, b) => (b.value < a.value ? b : a));
    const high = steps.reduce((a, b) => (b.value > a.value ? b : a));
    const many = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
    return (
      `${sku}: on hand from ${dayOf(steps[0].day)} to ${dayOf(data.span)}, ` +
      `at least ${shown(low.value)} (${dayOf(low.day)}), at most ${shown(high.value)} (${dayOf(high.day)}), ` +
      `${shown(steps[steps.length - 1].value)} at the end; ` +
      `${many(counts.length, "count")}, ${many(voided.length, "voided event")}.`
    );
  }

  // The text alternative to the chart: the same as a table, made when it is opened.
  function listSteps() {
    if (!byId("steps").open) return;
    const noted = new Map();
    const add = (day, text) => noted.set(day, [...(noted.get(day) || []), text]);
    course.counts.forEach(({ day, value }) => add(day, `counted, variance ${change(value)}`));
    course.voided.forEach((day) => add(day, "an event voided"));
    const days = new Set([...course.steps.map((step) => step.day), ...noted.keys()]);
    const table = document.createElement("table");
    const caption = table.createCaption();
    caption.id = "steps-caption";
    caption.textContent = `On hand of ${course.sku} at the end of each day on which something happened`;
    const head = table.createTHead().insertRow();
    for (const [text, kind] of [["Day", ""], ["On hand", ""], ["Note", "w"]]) {
      const cell = document.createElement("th");
      Object.assign(cell, { scope: "col", className: kind, textContent: text });
      head.append(cell);
    }
    const body = table.createTBody();
    for (const day of [...days].sort((a, b) => a - b)) {
      const row = body.insertRow();
      const cell = document.createElement("th");
      Object.assign(cell, { scope: "row", textContent: dayOf(day) });
      row.append(cell);
      row.insertCell().textContent = shown(levelAt(course.steps, day));
      Object.assign(row.insertCell(), { className: "w", textContent: (noted.get(day) || []).join("; ") });
    }
    byId("steps").querySelector(".scroll").replaceChildren(table);
  }

  function quoted(word) {
    const safe = /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
    return word.startsWith("-") ? `-- ${safe}` : safe;
  }

  function choose(number) {
    course = courseOf(number);
    byId("sku").value = String(number);
    byId("at").textContent = "";
    byId("summary").textContent = summary();
    byId("history").textContent = `${data.history} ${quoted(course.sku)}`;
    draw();
    listSteps();
  }

  function beginChart(names) {
    byId("undrawn").hidden = true;
    byId("drawing").hidden = false;
    const options = names.map(({ sku, name }, number) => new Option(name ? `${sku} · ${name}` : sku, number));
    byId("sku").append(...options);
    byId("sku").addEventListener("change", (event) => choose(Number(event.target.value)));
    byId("steps").addEventListener("toggle", listSteps);
    choose(0);
    let width = byId("plot").clientWidth;
    new ResizeObserver(() => {
      if (byId("plot").clientWidth !== width) {
        width = byId("plot").clientWidth;
        draw();
      }
    }).observe(byId("plot"));
  }

  // ---- sparklines, each drawn when it comes into sight, or onto paper

  function beginSparklines(rows) {
    const waiting = new Map(rows.map((row, number) => [row.querySelector(".s"), number]));
    function spark(cell) {
      const { steps } = courseOf(waiting.get(cell));
      const { path, y, x } = scaled(steps, 0, 2, 112, 18);
      const svg = element("svg", { viewBox: "0 0 112 20", preserveAspectRatio: "none", "aria-hidden": "true" });
      svg.append(element("path", { class: "area", d: `${path}V${y(0)}H${x(0)}Z` }));
      svg.append(element("path", { class: "line", d: path }));
      const number = waiting.get(cell);
      svg.addEventListener("click", () => {
        choose(number);
        byId("chart").scrollIntoView();
        byId("sku").focus({ preventScroll: true });
      });
      cell.replaceChildren(svg);
      waiting.delete(cell);
    }
    const sight = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting && waiting.has(target)) {
          sight.unobserve(target);
          spark(target);
        }
      }
    });
    for (const cell of waiting.keys()) sight.observe(cell);
    addEventListener("beforeprint", () => [...waiting.keys()].forEach(spark));
  }

  // ---- sorting by any column, of any table, and searching the stock

  const ORDER = new Intl.Collator("en", { numeric: true });

  function sortBy(table, place, head) {
    const turned = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", turned ? "descending" : "ascending");
    const asWords = head.classList.contains("w") || place === 0;
    const keyed = [...table.tBodies[0].rows].map((row) => {
      const text = row.cells[place].textContent.trim();
      return { row, key: asWords ? text : Number(text), empty: text === "" };
    });
    const compare = asWords ? ORDER.compare : (a, b) => a - b;
    // What is empty stands last, whichever way it is sorted.
    keyed.sort((a, b) => a.empty - b.empty || (turned ? compare(b.key, a.key) : compare(a.key, b.key)));
    table.tBodies[0].append(...keyed.map(({ row }) => row));
  }

  function beginSorting(table) {
    if (table.tBodies[0].rows.length < 2) return;
    [...table.tHead.rows[0].cells].forEach((head, place) => {
      if (head.textContent === "Spark") return;
      const button = document.createElement("button");
      Object.assign(button, { type: "button", textContent: head.textContent });
      button.addEventListener("click", () => sortBy(table, place, head));
      head.replaceChildren(button);
    });
  }

  function beginSearch(rows, names) {
    const texts = names.map(({ sku, name }) => `${sku}\n${name}`.toLowerCase());
    byId("search").addEventListener("input", (event) => {
      const wanted = event.target.value.trim().toLowerCase();
      let count = 0;
      rows.forEach((row, at) => {
        row.hidden = !texts[at].includes(wanted);
        count += !row.hidden;
      });
      byId("found").textContent = wanted ? `${count} of ${rows.length} SKUs` : "";
    });
    document.querySelector(".search").hidden = false;
  }

  const stock = byId("stock-table");
  if (stock) {
    const rows = [...stock.tBodies[0].rows];
    const place = [...stock.tHead.rows[0].cells].findIndex((cell) => cell.textContent === "Name");
    const names = rows.map(({ cells }) => ({
      sku: cells[0].textContent,
      name: place < 0 ? "" : cells[place].textContent,
    }));
    beginSearch(rows, names);
    beginSparklines(rows);
    beginChart(names);
  }
  document.querySelectorAll("main > section > .scroll > table").forEach(beginSorting);
})();
