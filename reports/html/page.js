// What the page does beyond tables and pictures: sorting, comparing, filtering, and playing with runs.
"use strict";

(() => {
  const element = document.getElementById("data");
  const data = window.BAC_DATA || (element && JSON.parse(element.textContent));
  if (!data) return;
  const SWITCHES = ["replay", "resume", "undo"], MOST_STATES = 200000;
  const APPENDING = new Set(["step", "deliver", "replay", "resume", "retry", "backfill", "reconstruct"]);
  const get = (id) => document.getElementById(id);
  const make = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value === true) made.setAttribute(key, "");
      else if (value !== false && value !== null) made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  };
  const draw = (tag, attributes, ...children) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  const kindWords = (kind) => kind.replaceAll("-", " ");
  const nameOf = ([kind, subject, blame]) => `${kindWords(kind)} ${subject.replaceAll("->", "→")}${blame === "backup" ? "" : ` (${blame})`}`;

  // The table: sorting, and two plans side by side

  const table = get("matrix"), head = [...table.tHead.rows[0].cells], rows = [...table.tBodies[0].rows];
  head.forEach((cell, column) => {
    const button = make("button", { type: "button", onclick: () => sort(cell, column) });
    button.append(...cell.childNodes);
    cell.append(button);
  });
  const RANK = { "✓": 0, "–": 1, "?": 2, "✗": 3 };
  const worth = (row, column) => {
    const text = row.cells[column].textContent.trim();
    if (text[0] in RANK && !/\d/.test(text)) return RANK[text[0]];
    return /^\d+/.test(text) ? 10 + Number(text.replaceAll(",", "")) : text;
  };
  function sort(cell, column) {
    const down = cell.getAttribute("aria-sort") !== "ascending";
    head.forEach((other) => other.removeAttribute("aria-sort"));
    cell.setAttribute("aria-sort", down ? "ascending" : "descending");
    const compared = (a, b) => (a < b ? -1 : a > b ? 1 : 0) * (down ? 1 : -1);
    rows.sort((a, b) => compared(worth(a, column), worth(b, column)));
    table.tBodies[0].append(...rows);
  }

  const systems = new Map();
  function systemOf(plan, variant) {
    const key = `${plan}\n${variant}`;
    if (!systems.has(key)) {
      const embedded = data.plans[plan].variants[variant];
      if (!embedded) return null;
      const system = new TransitionSystem(data, embedded.actions, embedded.anomalies.map((each) => each[3]));
      systems.set(key, { system, anomalies: embedded.anomalies });
    }
    return systems.get(key);
  }
  const planNames = Object.keys(data.plans);
  const wrongOf = (plan) => new Set([...document.querySelectorAll(`#anomalies details`)]
    .filter((each) => data.runs[each.dataset.number].plan === plan && each.dataset.tolerated === "false")
    .map((each) => each.querySelector("summary").firstChild.textContent + each.querySelector("summary").childNodes[1].textContent));

  function chooser(label, names, chosen, change, id) {
    const select = make("select", { id, onchange: () => change(select.value) },
      ...names.map((name) => make("option", { value: name, selected: name === chosen }, name)));
    return [select, make("label", {}, label, select)];
  }
  const pair = [planNames[0], planNames[1] || planNames[0]];
  const compareTarget = make("div", { "aria-live": "polite" });
  function compare() {
    const [left, right] = pair.map(wrongOf);
    const only = (one, other) => [...one].filter((each) => !other.has(each));
    const list = (each) => (each.length ? make("ul", {}, ...each.map((text) => make("li", {}, text))) : make("p", {}, "nothing"));
    compareTarget.replaceChildren(make("div", { class: "columns" },
      make("div", {}, make("h3", {}, `Only under ${pair[0]}`), list(only(left, right))),
      make("div", {}, make("h3", {}, `Only under ${pair[1]}`), list(only(right, left))),
      make("div", {}, make("h3", {}, "Under both"), list([...left].filter((each) => right.has(each))))));
  }
  if (planNames.length > 1) {
    const [, one] = chooser("Compare ", planNames, pair[0], (name) => { pair[0] = name; compare(); }, "compare-left");
    const [, other] = chooser("with ", planNames, pair[1], (name) => { pair[1] = name; compare(); }, "compare-right");
    get("comparison").append(make("div", { class: "controls" }, one, other), compareTarget);
    compare();
  }

  // The list: filters

  const items = [...document.querySelectorAll("details.anomaly")];
  const values = (key, split) => [...new Set(items.flatMap((each) => each.dataset[key].split(split)).filter(Boolean))].sort();
  const filters = {};
  const filterBox = make("div", { class: "controls" });
  const FILTERS = [["kind", "Kind ", " \n"], ["services", "Service ", "|"], ["cause", "Cause ", "\n"],
    ["timing", "Timing ", " "], ["tolerated", "Tolerated ", "\n"]];
  for (const [key, label, split] of FILTERS) {
    const found = values(key, split);
    if (found.length < 2) continue;
    const [, box] = chooser(label, ["all", ...found], "all", (value) => { filters[key] = value; filter(); }, `filter-${key}`);
    filterBox.append(box);
  }
  function filter() {
    for (const item of items) {
      item.hidden = Object.entries(filters).some(([key, value]) => value !== "all"
        && !item.dataset[key].split(key === "services" ? "|" : " ").includes(value));
    }
  }
  if (items.length > 1) get("filters").append(filterBox);

  // The player: one run, as the labels of its actions before the end of recovery

  const state = { plan: planNames[0], variant: "", labels: [], now: 0, claim: null };
  let shown = null;
  const player = get("player");
  player.hidden = false;
  const planBox = make("span"), switchBox = make("span", { class: "controls" });
  const scrubber = make("input", { type: "range", id: "scrubber", min: 0, max: 0, value: 0, "aria-label": "action",
    oninput: () => { state.now = Number(scrubber.value); paint(); } });
  const lanes = make("div", { id: "lanes" }), steps = make("ol", { id: "steps" });
  const verdict = make("div", { id: "verdict", "aria-live": "polite" }), now = make("div", { "aria-live": "polite" });
  const wantedBox = make("span"), found = make("p", { class: "note", "aria-live": "polite" });
  const copied = make("div");
  player.append(
    make("p", { class: "note" }, "Choose a run above, or find one here. Drag an action, or move it with its arrows, and see"
      + " what happens then. The left and right keys on the slider go through the run."),
    make("div", { class: "controls" }, planBox, switchBox),
    make("div", { class: "controls" }, wantedBox, found),
    lanes, make("div", { class: "controls" }, scrubber), now, verdict,
    make("div", { class: "columns" }, make("div", {}, make("h3", {}, "Actions"), steps),
      make("div", {}, make("h3", {}, "Copy as a trace"),
        make("button", { type: "button", id: "copy", onclick: () => copyTrace() }, "Copy for bac replay"), copied)));

  function chooseControls() {
    const [, plan] = chooser("Plan ", planNames, state.plan, (name) => {
      state.plan = name; state.variant = data.plans[name].own; state.labels = []; state.claim = null; refresh(true);
    }, "player-plan");
    planBox.replaceChildren(plan);
    switchBox.replaceChildren(...SWITCHES.map((option) => {
      const on = state.variant.split(" ").includes(option);
      const variant = SWITCHES.filter((each) => (each === option ? !on : state.variant.split(" ").includes(each))).join(" ");
      const possible = variant in data.plans[state.plan].variants;
      return make("label", {}, make("input", { type: "checkbox", id: `switch-${option}`, checked: on, disabled: !possible,
        onchange: () => { state.variant = variant; state.claim = null; refresh(true); } }), `recovery: ${option}`);
    }));
    const { anomalies } = systemOf(state.plan, state.variant);
    const names = [...new Set(anomalies.map(nameOf))];
    const select = make("select", { id: "wanted" }, ...names.map((name) => make("option", { value: name }, name)));
    const rest = make("input", { type: "checkbox", id: "at-rest" });
    wantedBox.replaceChildren(make("label", {}, "Find a run with ", select), " ",
      make("label", {}, rest, "no use case in flight"), " ",
      make("button", { type: "button", id: "find", disabled: !names.length, onclick: () => search(select.value, rest.checked) }, "Find"));
  }

  function search(name, atRest) {
    const { system, anomalies } = systemOf(state.plan, state.variant);
    const chosen = anomalies.filter((each) => name === nameOf(each));
    const result = system.explore(MOST_STATES, (at) => (!atRest || system.has(at, system.atRest))
      && chosen.some((each) => system.satisfies(at, data.formulas[each[3]])));
    if (result.path) {
      const [kind, subject] = chosen[0];
      state.labels = result.path;
      state.claim = { property: "consistency", kind, subject, timing: atRest ? "at-rest" : "any-time" };
      found.textContent = `A shortest run has ${result.path.length} actions (${result.states.toLocaleString("en")} states looked at).`;
      refresh(true);
    } else {
      found.textContent = result.limited ? `None among the first ${MOST_STATES.toLocaleString("en")} states: bac check looks further.`
        : `There is no such run (${result.states.toLocaleString("en")} states).`;
    }
  }

  const isRecovery = (label) => {
    const kinds = state.labels.map((each) => data.labels[each].kind), disaster = kinds.indexOf("disaster");
    return disaster >= 0 && label > disaster;
  };

  // Runs the labels again, and recovery to its end; `toEnd` moves the slider there.
  function refresh(toEnd) {
    const { system } = systemOf(state.plan, state.variant);
    const disaster = state.labels.findIndex((each) => data.labels[each].kind === "disaster");
    const given = disaster < 0 ? state.labels : state.labels.slice(0, disaster + 1);
    shown = system.run(given);
    if (!shown.refused) {
      const later = disaster < 0 ? [] : state.labels.slice(disaster + 1);
      const whole = system.run([...given, ...later]);
      if (!whole.refused) shown = whole;
      system.recover(shown.states, shown.labels);
    }
    shown.before = shown.labels.findIndex((each) => data.labels[each].kind === "disaster");
    scrubber.max = shown.labels.length;
    state.now = toEnd ? shown.labels.length : Math.min(state.now, shown.labels.length);
    scrubber.value = state.now;
    chooseControls();
    paint();
    remember();
  }

  // Words

  const serviceOf = ([useCase, step]) => data.steps[`${useCase}.${step}`][0];
  const commandOf = ([useCase, step]) => data.steps[`${useCase}.${step}`][1];
  const lineOf = ([useCase, step]) => data.steps[`${useCase}.${step}`][2];
  function factWords(fact) {
    const [kind, events, services] = data.facts[fact];
    const steps = events.map((each) => `${serviceOf(each)}: ${commandOf(each)}`).join(", ");
    const WORDS = {
      logged: `“${steps}” in its log`, backed: `“${steps}” in the backup`, snapped: `the backup of ${services.join(", ")}`,
      locked: `the lock of ${services.join(", ")}`, recovered: "the disaster", denied: "a command that was held back",
      pending: `the message for “${events.length > 1 ? `${serviceOf(events[1])}: ${commandOf(events[1])}` : steps}” in the broker`,
    };
    return WORDS[kind] || `${kind}(${[steps, ...services].filter(Boolean).join(", ")})`;
  }
  function labelWords(label) {
    const { kind, words, events } = data.labels[label];
    const line = events && lineOf(events[0]) ? `  (line ${lineOf(events[0])})` : "";
    return `${kind}  ${words}${line}`;
  }

  // The logs after the first `count` actions: for each service its entries, each with what became of it

  function logsAt(count) {
    const { system } = systemOf(state.plan, state.variant);
    const live = new Map(data.services.map((name) => [name, []])), names = new Map(), order = [];
    const kept = new Map(), recovered = new Map(data.services.map((name) => [name, []]));
    for (let number = 0; number < count; number += 1) {
      const { kind, events = [] } = data.labels[shown.labels[number]];
      if (kind === "disaster") {
        for (const [service, log] of live) {
          kept.set(service, log.filter((entry) => has(shown.states[number + 1], "logged", entry.event)).length);
        }
      } else if (APPENDING.has(kind)) {
        for (const event of events) {
          const service = serviceOf(event), after = kept.size > 0, log = (after ? recovered : live).get(service);
          const entry = { event, number, by: kind, name: `${service}/${(kept.get(service) || 0) + log.length + 1}` };
          log.push(entry); order.push(entry); names.set(`${number} ${JSON.stringify(event)}`, entry.name);
        }
      }
    }
    return { live, recovered, kept, names, order };

    function has(at, kind, event) {
      return (system.kinds.get(kind) || []).some((fact) => same(data.facts[fact][1][0], event) && system.has(at, fact));
    }
  }
  const same = (one, other) => one[0] === other[0] && one[1] === other[1] && one[2] === other[2];

  function paint() {
    const { system, anomalies } = systemOf(state.plan, state.variant);
    paintLanes(system);
    paintSteps();
    const at = state.now, label = at > 0 ? shown.labels[at - 1] : null;
    const changes = at > 0 ? changed(system, shown.states[at - 1], shown.states[at]) : [];
    now.replaceChildren(make("p", {}, label === null ? "Before the first action." : `After action ${at}: ${labelWords(label)}`),
      make("p", { class: "note" }, changes.length ? `It changes: ${changes.join("; ")}.` : ""));
    const end = shown.states[shown.states.length - 1];
    const wrong = system.settled(end) ? anomalies.filter((each) => system.satisfies(end, data.formulas[each[3]])) : [];
    const bad = wrong.filter((each) => each[2] === "backup");
    verdict.className = bad.length || shown.refused ? "bad" : "";
    const lines = [];
    if (shown.refused) lines.push(refusal(shown.refused));
    else if (!system.settled(end)) lines.push("No disaster happens in this run.");
    else if (!wrong.length) lines.push("After recovery nothing is wrong.");
    else lines.push(`After recovery: ${[...new Set(wrong.map(nameOf))].join("; ")}.`);
    verdict.replaceChildren(...lines.map((text) => make("p", {}, text)));
  }

  function refusal({ label, obstacles }) {
    const what = labelWords(label);
    if (!obstacles) return `“${what}” is not possible under these options.`;
    const parts = [];
    if (obstacles.lacking.length) parts.push(`it needs ${[...new Set(obstacles.lacking.map(factWords))].join(" and ")}`);
    if (obstacles.hindering.length) parts.push(`${[...new Set(obstacles.hindering.map(factWords))].join(" and ")} must not be there yet`);
    return `Action ${shown.labels.length + 1} (${what}) cannot happen here: ${parts.join("; ")}.`;
  }

  function changed(system, before, after) {
    const SHOWN = new Set(["logged", "backed", "pending", "snapped", "locked", "kept"]);
    return [...system.bits.keys()].filter((fact) => SHOWN.has(data.facts[fact][0]) && system.has(before, fact) !== system.has(after, fact))
      .map((fact) => `${system.has(after, fact) ? "+" : "−"} ${factWords(fact)}`);
  }

  // Lanes: one for each service with an entry at some time; an entry is full if it is in the log now

  function paintLanes(system) {
    const { order } = logsAt(shown.labels.length), at = shown.states[state.now];
    const used = new Set([...order.map((each) => serviceOf(each.event)), ...shown.labels.flatMap((each) => data.labels[each].services || [])]);
    const services = data.services.filter((name) => used.has(name)).slice(0, 12);
    const width = Math.max(640, 130 + shown.labels.length * 74), height = 46 + services.length * 58;
    const svg = draw("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "the logs of the services" });
    const style = getComputedStyle(document.documentElement), colour = (name) => style.getPropertyValue(name).trim();
    const ink = colour("--ink"), muted = colour("--muted"), bad = colour("--bad"), accent = colour("--accent"), paper = colour("--paper");
    const x = (number) => 130 + number * 74, y = (service) => 40 + services.indexOf(service) * 58;
    const tip = (id, stroke) => draw("marker", { id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
      draw("path", { d: "M0 0L8 4L0 8z", fill: stroke }));
    svg.append(draw("defs", {}, tip("link", muted), tip("broken", bad)));
    const text = (content, left, top, more = {}) => draw("text", { x: left, y: top, fill: ink, "font-size": 11, "font-family": "inherit", ...more }, content);
    for (const service of services) {
      svg.append(text(service.length > 17 ? `${service.slice(0, 16)}…` : service, 6, y(service) + 20, { "font-weight": "bold", "font-size": 12 }),
        draw("line", { x1: 120, x2: width - 8, y1: y(service) + 16, y2: y(service) + 16, stroke: muted }));
    }
    const facts = (kind, event) => (system.kinds.get(kind) || []).filter((fact) => data.facts[fact][1].length && same(data.facts[fact][1][data.facts[fact][1].length - 1], event));
    const inState = (kind, event) => facts(kind, event).some((fact) => system.has(at, fact));
    shown.labels.forEach((label, number) => {
      const { kind, events = [], services: about = [] } = data.labels[label], past = number < state.now;
      const group = draw("g", { opacity: past ? 1 : 0.35 });
      group.append(draw("title", {}, `${number + 1}. ${labelWords(label)}`));
      if (APPENDING.has(kind)) {
        events.forEach((event) => {
          const service = serviceOf(event);
          if (!services.includes(service)) return;
          const logged = past && inState("logged", event), backed = past && inState("backed", event);
          const lost = past && !logged;
          group.append(draw("rect", { x: x(number), y: y(service), width: 66, height: 32, rx: kind === "step" ? 2 : 9,
            fill: backed ? accent : paper, stroke: lost ? bad : ink, "stroke-width": 1.3, "stroke-dasharray": lost ? "4 3" : "none" }));
          if (lost) group.append(draw("path", { d: `M${x(number)} ${y(service)}l66 32m0 -32l-66 32`, stroke: bad, "stroke-width": 1.2, opacity: 0.6 }));
          const words = commandOf(event).split(" "), first = words[0], rest = words.slice(1).join(" ");
          const fill = backed ? paper : ink;
          group.append(text(first, x(number) + 33, y(service) + 13, { "text-anchor": "middle", fill, "font-size": 10 }),
            text(rest.length > 11 ? `${rest.slice(0, 10)}…` : rest, x(number) + 33, y(service) + 25, { "text-anchor": "middle", fill, "font-size": 10 }));
        });
      } else {
        const mark = { snapshot: "▼ backup", disaster: "⚡", lock: "lock", unlock: "unlock" }[kind] || kind;
        const where = about.length ? about : [...new Set(events.map(serviceOf))];
        where.filter((each) => services.includes(each)).forEach((service) => {
          group.append(text(mark, x(number) + 33, y(service) + 13, { "text-anchor": "middle", "font-weight": "bold", "font-size": kind === "disaster" ? 20 : 11, fill: kind === "disaster" ? bad : ink }));
        });
        if (kind === "disaster") group.append(draw("line", { x1: x(number) + 33, x2: x(number) + 33, y1: 26, y2: height - 6, stroke: bad, "stroke-dasharray": "4 3" }));
      }
      svg.append(group);
    });
    linksAt(system, at, services, x, y).forEach(([path, broken, words]) => {
      const arrow = draw("path", { d: path, fill: "none", stroke: broken ? bad : muted, "stroke-width": broken ? 2 : 1,
        "stroke-dasharray": broken ? "5 3" : "none", "marker-end": broken ? "url(#broken)" : "url(#link)", class: broken ? "broken" : "" });
      arrow.append(draw("title", {}, words));
      svg.append(arrow);
    });
    const position = x(state.now) - 4;
    svg.append(draw("line", { x1: position, x2: position, y1: 8, y2: height - 4, stroke: accent, "stroke-width": 2 }));
    const waiting = (system.kinds.get("pending") || []).filter((fact) => system.has(at, fact)).map((fact) => {
      const event = data.facts[fact][1][1] || data.facts[fact][1][0];
      return `${serviceOf(event)}: ${commandOf(event)}`;
    });
    svg.append(text(waiting.length ? `In the broker: ${waiting.join("; ")}` : "", 130, 16, { fill: muted }));
    lanes.replaceChildren(svg);
  }

  // An arrow for each link whose holder is in its log now; a broken one if its target is in no log after the disaster

  function linksAt(system, at, services, x, y) {
    const place = (event) => {
      for (let number = state.now - 1; number >= 0; number -= 1) {
        const { kind, events = [] } = data.labels[shown.labels[number]];
        if (APPENDING.has(kind) && events.some((each) => same(each, event))) return [x(number) + 33, y(serviceOf(event))];
      }
      return null;
    };
    const logged = (event) => (system.kinds.get("logged") || []).some((fact) => same(data.facts[fact][1][0], event) && system.has(at, fact));
    return data.links.flatMap(([maker, creator, words]) => {
      const [tail, head] = [place(maker), place(creator)];
      if (!tail || !logged(maker) || !services.includes(serviceOf(maker)) || !services.includes(serviceOf(creator))) return [];
      const broken = system.has(at, system.recovered) && !logged(creator);
      if (!head || (tail[0] === head[0] && tail[1] === head[1])) return [];
      const down = head[1] > tail[1] ? 1 : -1, from = tail[1] + (down > 0 ? 32 : 0), to = head[1] + (down > 0 ? 0 : 32);
      const path = head[1] === tail[1] ? `M${tail[0]} ${tail[1] + 32}q${(head[0] - tail[0]) / 2} 24 ${head[0] - tail[0]} 0`
        : `M${tail[0]} ${from}C${tail[0]} ${from + down * 18} ${head[0]} ${to - down * 18} ${head[0]} ${to}`;
      return [[path, broken, `${words}${broken ? ": broken" : ""}`]];
    });
  }

  // The actions: dragging, and moving by buttons

  function paintSteps() {
    const editable = shown.before < 0 ? shown.labels.length : shown.before + 1;
    const wrong = shown.refused ? shown.labels.length : -1;
    const all = shown.refused ? [...shown.labels, ...state.labels.slice(shown.labels.length)] : shown.labels;
    steps.replaceChildren(...all.map((label, number) => {
      const movable = shown.refused ? true : number < editable;
      const item = make("li", { draggable: String(movable), "data-position": number,
        class: [number === state.now - 1 ? "now" : "", number >= state.now ? "after" : "", number === wrong ? "refused" : "", movable ? "" : "recovery"].join(" ").trim() });
      const culprit = state.claim && number + 1 === state.claim.culprit && !shown.refused;
      if (culprit) item.classList.add("culprit");
      item.append(make("span", {}, `${culprit ? "⚠ " : ""}${number + 1}.`), make("span", { class: "what" }, labelWords(label)));
      if (movable) {
        item.append(make("button", { type: "button", "aria-label": `earlier: action ${number + 1}`, disabled: number === 0, onclick: () => move(number, number - 1) }, "↑"),
          make("button", { type: "button", "aria-label": `later: action ${number + 1}`, disabled: number + 1 >= (shown.refused ? all.length : editable), onclick: () => move(number, number + 1) }, "↓"));
        item.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", String(number)));
        item.addEventListener("dragover", (event) => event.preventDefault());
        item.addEventListener("drop", (event) => { event.preventDefault(); move(Number(event.dataTransfer.getData("text/plain")), number); });
      }
      return item;
    }));
  }

  function move(from, to) {
    const editable = shown.refused ? state.labels.slice() : shown.labels.slice(0, shown.before < 0 ? shown.labels.length : shown.before + 1);
    if (from === to || to < 0 || to >= editable.length) return;
    const [label] = editable.splice(from, 1);
    editable.splice(to, 0, label);
    state.labels = fitting(editable);
    state.claim = null;
    refresh(true);
    const moved = steps.querySelector(`[data-position="${to}"] button:not(:disabled)`);
    if (moved) moved.focus();
  }

  // A disaster has the label of an interrupting one or of one at rest: whichever the new order allows.
  function fitting(labels) {
    const { system } = systemOf(state.plan, state.variant);
    const number = labels.findIndex((each) => data.labels[each].kind === "disaster");
    if (number < 0) return labels;
    const run = system.run(labels.slice(0, number));
    const last = run.states[run.states.length - 1], given = data.labels[labels[number]];
    const alike = system.actions.map((each) => each.label).filter((each) => data.labels[each].kind === "disaster"
      && JSON.stringify([data.labels[each].services, data.labels[each].restored]) === JSON.stringify([given.services, given.restored]));
    const possible = alike.filter((each) => system.enabled(last, system.find(last, each)));
    const best = possible.find((each) => Boolean(data.labels[each].at_rest)) ?? possible[0];
    return run.refused || best === undefined ? labels : [...labels.slice(0, number), best, ...labels.slice(number + 1)];
  }

  // Traces, and the address

  function traceDocument() {
    const { live, recovered, kept, names } = logsAt(shown.labels.length);
    const { system, anomalies } = systemOf(state.plan, state.variant), end = shown.states[shown.states.length - 1];
    let claim = state.claim;
    if (!claim) {
      const wrong = system.settled(end) ? anomalies.find((each) => each[2] === "backup" && system.satisfies(end, data.formulas[each[3]])) : null;
      if (!wrong) return null;
      claim = { property: "consistency", kind: wrong[0], subject: wrong[1], timing: system.has(end, system.atRest) ? "at-rest" : "any-time" };
    }
    const described = ({ event, name }) => ({ event: name, use_case: event[0], step: event[1], index: event[2] });
    const snapshots = new Map();
    shown.labels.forEach((label, number) => {
      const { kind, services: about = [] } = data.labels[label];
      if (kind === "snapshot") about.forEach((service) => snapshots.set(service, live.get(service).filter((entry) => entry.number < number).length));
    });
    const undone = new Set(shown.labels.filter((label) => data.labels[label].kind === "undo").flatMap((label) => data.labels[label].events.map((each) => JSON.stringify(each))));
    const specification = structuredClone(data.specification);
    const written = (specification.plans || {})[state.plan], plan = written || {};
    switchOptions(plan);
    // The plan "independent" is in every specification and in no file; with other options it needs a name of its own.
    const name = written || !Object.keys(plan).length ? state.plan : `${state.plan}, ${state.variant}`;
    delete specification.plans;
    if (written || name !== state.plan) specification.plans = { [name]: plan };
    return {
      format: "bac-trace", version: 1, specification, plan: name, instances: 1, property: claim.property,
      ...(claim.kind ? { anomaly: { kind: claim.kind, subject: claim.subject, index: 1, timing: claim.timing } } : {}),
      actions: shown.labels.map((label, number) => {
        const { kind, events = [], services: about = [], restored = [], at_rest: rest } = data.labels[label];
        const parts = events.map((event) => ({ step: event[1], service: serviceOf(event),
          ...(names.has(`${number} ${JSON.stringify(event)}`) ? { event: names.get(`${number} ${JSON.stringify(event)}`) } : {}) }));
        return { kind, ...(events.length ? { use_case: events[0][0], index: events[0][2], ...parts[0] } : {}),
          ...(parts.length > 1 ? { then: parts.slice(1) } : {}), ...(about.length ? { services: about } : {}),
          ...(kind === "disaster" ? { restored, at_rest: Boolean(rest) } : {}) };
      }),
      services: data.services.map((service) => {
        const log = live.get(service), happened = kept.size > 0;
        const backed = data.replicated[state.plan].includes(service) ? log.length : snapshots.get(service) || 0;
        const cut = [...(happened ? log.slice(0, kept.get(service)) : log), ...recovered.get(service)].filter((entry) => !undone.has(JSON.stringify(entry.event)));
        return { service, log: log.map(described), backup: log.slice(0, backed).map((entry) => entry.name), cut: cut.map(described) };
      }),
    };
  }

  function switchOptions(plan) {
    const on = state.variant.split(" ").filter(Boolean);
    plan.recovery = { ...(plan.recovery || {}) };
    for (const option of SWITCHES) { if (on.includes(option)) plan.recovery[option] = true; else delete plan.recovery[option]; }
    if (!Object.keys(plan.recovery).length) delete plan.recovery;
  }

  function copyTrace() {
    const trace = traceDocument();
    if (!trace) { copied.replaceChildren(make("p", { class: "note" }, "Nothing is wrong in this run, so that a trace of it would claim nothing.")); return; }
    const content = JSON.stringify(trace, null, 1);
    const area = make("textarea", { id: "trace", readonly: true, "aria-label": "the trace" });
    area.value = content;
    copied.replaceChildren(area, make("p", { class: "note" }, "Save it as run.json, and run bac replay run.json."));
    if (navigator.clipboard) navigator.clipboard.writeText(content).catch(() => {});
  }

  function remember() {
    const parts = [state.plan, state.variant, state.labels.join(".")].map(encodeURIComponent).join("/");
    history.replaceState(null, "", `#run/${parts}`);
  }
  function recall() {
    const found = /^#run\/([^/]*)\/([^/]*)\/([^/]*)$/.exec(location.hash);
    if (!found) return false;
    const [plan, variant, labels] = found.slice(1).map(decodeURIComponent);
    if (!(plan in data.plans) || !(variant in data.plans[plan].variants)) return false;
    const numbers = labels ? labels.split(".").map(Number) : [];
    if (numbers.some((each) => !(each in data.labels))) return false;
    Object.assign(state, { plan, variant, labels: numbers, claim: null });
    refresh(true);
    return true;
  }

  function play(number) {
    const run = data.runs[number];
    Object.assign(state, { plan: run.plan, variant: data.plans[run.plan].own, labels: run.labels.slice(), claim: run.claim });
    refresh(true);
    player.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    scrubber.focus({ preventScroll: true });
  }
  for (const item of items) {
    item.append(make("button", { type: "button", class: "play", onclick: () => play(item.dataset.number) }, "Play with this run"));
  }
  if (!recall()) {
    state.variant = data.plans[state.plan].own;
    if (data.runs.length) Object.assign(state, { plan: data.runs[0].plan, variant: data.plans[data.runs[0].plan].own, labels: data.runs[0].labels.slice(), claim: data.runs[0].claim });
    const address = location.hash;
    refresh(true);
    if (address) history.replaceState(null, "", address);
  }
  window.addEventListener("hashchange", recall);
})();
