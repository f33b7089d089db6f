// Facts and actions: which actions are possible in a state, what they do, and which states can be reached.
// The same definitions as in model/system.py; states are sets of facts, here as bits in an Int32Array.
"use strict";

const NOT = 0, AND = 1, OR = 2;

class TransitionSystem {
  // data: the pools of reports/html/data.py; numbers: the actions of this system; formulas: numbers of formulas.
  constructor(data, numbers, formulas) {
    this.data = data;
    this.bits = new Map();
    for (const number of numbers) {
      const [, require, forbid, clauses, add, remove, copies] = data.actions[number];
      for (const fact of [...require, ...forbid, ...clauses.flat(2), ...add, ...remove, ...copies.flat()]) {
        if (!this.bits.has(fact)) this.bits.set(fact, this.bits.size);
      }
    }
    this.words = Math.max(1, Math.ceil(this.bits.size / 32));
    this.actions = numbers.map((number) => this.compiled(data.actions[number]));
    this.formulas = new Map(formulas.map((number) => [number, data.formulas[number]]));
    this.kinds = new Map();
    for (const fact of this.bits.keys()) {
      const kind = data.facts[fact][0];
      if (!this.kinds.has(kind)) this.kinds.set(kind, []);
      this.kinds.get(kind).push(fact);
    }
    this.recovered = this.flag("recovered");
    this.atRest = this.flag("at_rest");
  }

  flag(kind) {
    const facts = this.kinds.get(kind) || [];
    return facts.length ? facts[0] : -1;
  }

  mask(facts) {
    const found = new Map();
    for (const fact of facts) {
      const bit = this.bits.get(fact);
      found.set(bit >> 5, (found.get(bit >> 5) || 0) | (1 << (bit & 31)));
    }
    return [...found];
  }

  compiled([label, require, forbid, clauses, add, remove, copies]) {
    const place = (fact) => [this.bits.get(fact) >> 5, 1 << (this.bits.get(fact) & 31)];
    return {
      label, sources: { require, forbid, clauses },
      require: this.mask(require), forbid: this.mask(forbid),
      clauses: clauses.map(([positive, negative]) => [this.mask(positive), this.mask(negative)]),
      add: this.mask(add), clear: this.mask([...remove, ...copies.map((pair) => pair[1])]),
      copies: copies.map(([source, target]) => [...place(source), ...place(target)]),
    };
  }

  initial() { return new Int32Array(this.words); }

  has(state, fact) {
    const bit = this.bits.get(fact);
    return bit !== undefined && (state[bit >> 5] & (1 << (bit & 31))) !== 0;
  }

  enabled(state, action) {
    for (const [word, mask] of action.require) if ((state[word] & mask) !== mask) return false;
    for (const [word, mask] of action.forbid) if ((state[word] & mask) !== 0) return false;
    return action.clauses.every(([positive, negative]) =>
      positive.some(([word, mask]) => (state[word] & mask) !== 0)
      || negative.some(([word, mask]) => (state[word] & mask) !== mask));
  }

  apply(state, action) {
    const after = state.slice();
    for (const [word, mask] of action.clear) after[word] &= ~mask;
    for (const [source, bit, target, mask] of action.copies) if ((state[source] & bit) !== 0) after[target] |= mask;
    for (const [word, mask] of action.add) after[word] |= mask;
    return after;
  }

  possible(state) { return this.actions.filter((action) => this.enabled(state, action)); }

  settled(state) { return this.has(state, this.recovered) && !this.actions.some((each) => this.enabled(state, each)); }

  // The action with a label, if it can happen in this state; else the first with that label, or none.
  find(state, label) {
    const alike = this.actions.filter((action) => action.label === label);
    return alike.find((action) => this.enabled(state, action)) || alike[0] || null;
  }

  // The facts that keep an action from happening: those that are lacking, and those that are in the way.
  obstacles(state, action) {
    const { require, forbid, clauses } = action.sources;
    const lacking = require.filter((fact) => !this.has(state, fact));
    const hindering = forbid.filter((fact) => this.has(state, fact));
    for (const [positive, negative] of clauses) {
      const good = positive.some((fact) => this.has(state, fact)) || negative.some((fact) => !this.has(state, fact));
      if (!good) { lacking.push(...positive); hindering.push(...negative); }
    }
    return { lacking, hindering };
  }

  satisfies(state, formula) {
    if (typeof formula === "number") return this.has(state, formula);
    const [operator, ...parts] = formula;
    if (operator === NOT) return !this.satisfies(state, parts[0]);
    if (operator === AND) return parts.every((part) => this.satisfies(state, part));
    return parts.some((part) => this.satisfies(state, part));
  }

  // The states after each of these labels, up to the first that is not possible, and the end of recovery.
  run(labels) {
    const states = [this.initial()], done = [];
    let refused = null;
    for (const label of labels) {
      const state = states[states.length - 1], action = this.find(state, label);
      if (!action || !this.enabled(state, action)) {
        refused = { label, obstacles: action ? this.obstacles(state, action) : null };
        break;
      }
      states.push(this.apply(state, action));
      done.push(label);
    }
    return { states, labels: done, refused };
  }

  // Recovery from the last state of a run on: each time the first action that can happen.
  recover(states, labels) {
    let state = states[states.length - 1];
    while (this.has(state, this.recovered)) {
      const next = this.actions.find((action) => this.enabled(state, action));
      if (!next) return;
      state = this.apply(state, next);
      states.push(state);
      labels.push(next.label);
    }
  }

  // All states that can be reached, level by level: how many there are, how many transitions, and for each formula
  // the length of a shortest run to a settled state that satisfies it, with a use case in flight and with none.
  // Ends when `limit` states were found, or when `wanted(state, depth)` is true; then `path` leads there.
  explore(limit, wanted = null) {
    const key = (state) => String.fromCharCode(...new Uint16Array(state.buffer));
    const first = this.initial();
    const seen = new Map([[key(first), 0]]), parents = [-1], causes = [-1];
    const formulas = new Map([...this.formulas.keys()].map((number) => [number, { flight: null, rest: null }]));
    const pathTo = (number) => {
      const path = [];
      for (let at = number; parents[at] >= 0; at = parents[at]) path.push(causes[at]);
      return path.reverse();
    };
    let level = [[first, 0]], transitions = 0, depth = 0;
    while (level.length) {
      const next = [];
      for (const [state, number] of level) {
        let moves = 0;
        for (const action of this.actions) {
          if (!this.enabled(state, action)) continue;
          moves += 1;
          const after = this.apply(state, action), name = key(after);
          if (seen.has(name)) continue;
          if (seen.size >= limit) return { states: seen.size, transitions, depth, formulas, limited: true, path: null };
          seen.set(name, seen.size);
          parents.push(number);
          causes.push(action.label);
          next.push([after, seen.size - 1]);
        }
        transitions += moves;
        if (moves || !this.has(state, this.recovered)) continue;
        const rest = this.has(state, this.atRest);
        for (const [formula, found] of formulas) {
          const timing = rest ? "rest" : "flight";
          if (found[timing] === null && this.satisfies(state, this.formulas.get(formula))) found[timing] = depth;
        }
        if (wanted && wanted(state)) {
          return { states: seen.size, transitions, depth, formulas, limited: false, path: pathTo(number) };
        }
      }
      level = next;
      depth += 1;
    }
    return { states: seen.size, transitions, depth: depth - 1, formulas, limited: false, path: null };
  }
}

if (typeof module !== "undefined") module.exports = { TransitionSystem };
