// The timeline: builds its lanes from the page's data block, and moves its view and cursor.
(() => {
  const block = document.getElementById("call-data");
  const root = document.getElementById("timeline");
  if (!block || !root) return;
  const data = JSON.parse(block.textContent);
  const duration = data.duration;
  const narrowest = Math.min(500, duration);
  const readout = document.getElementById("readout");
  const player = document.getElementById("player");
  const view = { from: 0, to: duration };
  const state = { cursor: 0, clip: null, row: null, events: data.events };

  // ---- the data as lanes
  const unknown = data.lanes.filter((lane) => !lane.role);
  const laneColour = (lane) => () => colour(!lane ? "muted" : lane.role === "CUSTOMER" ? "customer"
    : lane.role === "AGENT" ? "agent" : unknown.indexOf(lane) % 2 ? "other-two" : "other");
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const lanes = data.lanes.map((lane, index) => ({
    role: lane.role,
    label: lane.label,
    series: lane.series,
    colour: laneColour(lane),
    waves: lane.waves.map((wave) => ({ begin: wave.begin, peaks: new Int8Array(bytes(wave.peaks).buffer) })),
    spoken: data.utterances.filter((each) => each[2] === index),
  }));
  const utteranceSpans = data.utterances.map(([begin, end, lane, flags], index) => ({
    begin, end, lane, index, row: 0, colour: lane < 0 ? laneColour(null) : lanes[lane].colour,
    faint: Boolean(flags & 2), mark: flags & 1 ? () => colour("interruption") : null,
    label: "Utterance" + (flags & 1 ? ", interrupts" : flags & 2 ? ", backchannel" : ""),
  }));
  const ROWS = [
    ["Talk-over", ["interruption", "overlap", "terminal_overlap", "backchannel", "long_monologue"]],
    ["Silence", ["non_talk", "digital_silence", "gap"]],
    ["Line", ["tone", "clipping"]],
  ];
  const rowOf = (kind) => {
    const found = ROWS.findIndex((row) => row[1].includes(kind));
    return found < 0 ? ROWS.length - 1 : found;
  };
  const kindColour = (kind) => () => colour(kind) || colour("unknown-event");
  const eventSpans = state.events.map(([kind, begin, end, lane], index) => ({
    begin, end, lane, index, kind, group: rowOf(data.kinds[kind].kind), colour: kindColour(data.kinds[kind].kind),
    label: data.kinds[kind].label + (lane >= 0 ? ", " + lanes[lane].label.toLowerCase() : ""),
  }));
  const audible = (lane, t) => lane.waves.some((wave) => wave.peaks[Math.floor((t - wave.begin) / PEAK_MS)] >= 0);
  const phaseColours = { ivr: "ivr", queue: "queue", ringing: "ringing", agent: "agent-phase", hold: "hold" };
  const phaseSpans = data.phases.map(([begin, end, phase]) => ({
    begin, end, row: 0, lane: -1, colour: () => colour(phaseColours[phase] || "unknown-phase"),
    text: phase === "ivr" ? "IVR" : phase, label: "Phase: " + phase,
  }));

  // ---- the lanes as canvases
  const tracks = [];
  function track(title, subtitle, className, description, draw, hit) {
    const lane = document.createElement("div");
    lane.className = "lane " + className;
    const name = document.createElement("div");
    name.className = "name";
    if (title) name.append(Object.assign(document.createElement("b"), { textContent: title }));
    if (title && subtitle) name.append(" ", document.createElement("br"));
    if (subtitle) name.append(subtitle);
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", description);
    lane.append(name, canvas);
    root.append(lane);
    tracks.push({ canvas, draw, hit: hit || (() => null), lane: -1 });
    return tracks[tracks.length - 1];
  }
  const within = (spans, t, slack) => spans.find((span) => span.begin - slack <= t && t < span.end + slack) || null;
  const count = (n, one) => n.toLocaleString("en") + " " + one + (n === 1 ? "" : "s");

  const overview = track("", "Whole call", "overview", "The whole call, with the part in view framed",
    (canvas, density) => drawOverview(canvas, duration, lanes, view, density));
  track("", "", "axis", "Time axis", (canvas, density) => drawAxis(canvas, view, density));
  if (phaseSpans.length) {
    track("", "Phases", "phases", "Phases: " + data.phases.map((p) => p[2] + " from " + clockText(p[0], 0)).join(", "),
      (canvas, density) => drawSpans(canvas, view, phaseSpans, 1, density), (t) => within(phaseSpans, t, 0));
  }
  lanes.forEach((lane, index) => {
    const own = utteranceSpans.filter((span) => span.lane === index);
    const who = lane.role || (unknown.indexOf(data.lanes[index]) % 2 ? "other-two" : "other");
    const told = lane.label + ": " + count(own.length, "utterance");
    track(lane.label, "waveform", "group wave " + who, "Waveform, " + told,
      (canvas, density) => drawWaves(canvas, view, lane, density), (t) => within(own, t, 0)).lane = index;
    track("", "speech", "speech " + who, "Speech, " + told,
      (canvas, density) => drawSpans(canvas, view, own, 1, density, true), (t, y, slack) => within(own, t, slack)).lane = index;
  });
  ROWS.forEach(([title], group) => {
    const own = eventSpans.filter((span) => span.group === group);
    if (!own.length) return;
    // Who it is of: the first lane above, the second below; what is nobody's takes the whole height.
    const split = own.some((span) => span.lane > 0);
    for (const span of own) {
      span.row = split && span.lane > 0 ? 1 : 0;
      span.rows = split && span.lane < 0 ? 2 : 1;
    }
    const kinds = data.kinds.map((kind, i) => [kind.label, own.filter((span) => span.kind === i).length]);
    const told = kinds.filter((kind) => kind[1]).map((kind) => kind[0] + " " + kind[1]).join(", ");
    track("", title, "events" + (group ? "" : " group"), "Events: " + told,
      (canvas, density) => drawSpans(canvas, view, own, split ? 2 : 1, density),
      (t, y, slack) => own.find((span) => span.begin - slack <= t && t < span.end + slack &&
        (span.rows === 2 || !split || span.row === (y > 0.5 ? 1 : 0))) || null);
  });
  track("Level", "each second", "group level", "Level of each second, in dBFS",
    (canvas, density) => drawSeries(canvas, view, lanes, "level", data.levels, false, density));
  track("Pitch", "median F0", "pitch", "Median pitch of each second, in Hz",
    (canvas, density) => drawSeries(canvas, view, lanes, "f0", data.pitches, true, density));
  const sentiment = sentimentLanes(data, lanes, laneColour, track, view, state);

  const overlay = (className) => {
    const element = document.createElement("div");
    element.className = "shade " + className;
    root.append(element);
    return element;
  };
  const cursorLine = overlay("cursor"), hoverLine = overlay("hover"), dragged = overlay("drag");
  const tip = root.appendChild(Object.assign(document.createElement("div"), { id: "tip" }));
  Object.entries({ tabindex: "0", role: "slider", "aria-label": "Cursor in the call", "aria-valuemin": "0",
    "aria-valuemax": String(duration), "aria-orientation": "horizontal" }).forEach(([k, v]) => root.setAttribute(k, v));

  // ---- drawing
  let pending = 0;
  function draw() {
    pending = 0;
    for (const each of tracks) each.draw(each.canvas, screenDensity());
    placeCursor();
  }
  const redraw = () => { pending = pending || requestAnimationFrame(draw); };
  /** The drawing area's left edge in the timeline, and its width. */
  function area() {
    const box = tracks[0].canvas.getBoundingClientRect();
    return { left: box.left - root.getBoundingClientRect().left - root.clientLeft, width: box.width };
  }
  function placeCursor() {
    const { left, width } = area();
    const x = scaleOf(view, width).x(state.cursor);
    cursorLine.style.display = x >= -1 && x <= width + 1 ? "block" : "none";
    cursorLine.style.left = left + x + "px";
    cursorLine.style.top = tracks[1].canvas.offsetTop + "px";
  }
  function show(from, to) {
    const length = Math.min(Math.max(to - from, narrowest), duration);
    view.from = Math.min(Math.max(from, 0), duration - length);
    view.to = view.from + length;
    root.dataset.from = String(Math.round(view.from));
    root.dataset.to = String(Math.round(view.to));
    redraw();
  }
  function zoom(factor, around) {
    const at = around === undefined ? (state.cursor >= view.from && state.cursor <= view.to ? state.cursor
      : (view.from + view.to) / 2) : around;
    show(at - (at - view.from) * factor, at + (view.to - at) * factor);
  }

  // ---- the cursor
  function describe() {
    const t = state.cursor;
    const parts = [];
    lanes.forEach((lane) => {
      const second = (name) => {
        for (const series of lane.series) {
          const value = series[name][Math.floor((t - series.begin) / SECOND_MS)];
          if (value !== undefined && value !== null) return value;
        }
        return null;
      };
      const speaks = within(lane.spoken.map(([begin, end]) => ({ begin, end })), t, 0);
      const level = second("level"), pitch = second("f0");
      const heard = speaks || !lane.waves.length || audible(lane, t);
      parts.push({ lane, text: (speaks ? " speaks" : heard ? " silent" : " no audio") +
        (level === null || !heard ? "" : " " + String(level).replace("-", "\u2212") + " dBFS") +
        (speaks && pitch !== null ? " " + pitch + " Hz" : "") });
    });
    const happening = eventSpans.filter((span) => span.begin <= t && t < Math.max(span.end, span.begin + 1));
    return { parts, happening: [...new Set(happening.map((span) => span.label)), ...sentiment.at(t)] };
  }
  function moveTo(t, options) {
    state.cursor = Math.round(Math.min(Math.max(t, 0), duration));
    if (options && options.follow && (state.cursor < view.from || state.cursor > view.to)) {
      const half = (view.to - view.from) / 2;
      show(state.cursor - half, state.cursor + half);
    }
    root.dispatchEvent(new CustomEvent("cursor", { detail: state.cursor }));
    const { parts, happening } = describe();
    sentiment.draw();
    readout.replaceChildren(Object.assign(document.createElement("b"), { textContent: clockText(state.cursor, 1) }));
    const said = [];
    for (const part of parts) {
      const who = Object.assign(document.createElement("span"), { className: "who", textContent: part.lane.label });
      who.style.color = part.lane.colour();
      readout.append(said.length ? " \u00b7 " : "", who, part.text);
      said.push(part.lane.label + part.text);
    }
    if (happening.length) readout.append(" \u00b7 " + happening.join("; "));
    root.setAttribute("aria-valuenow", String(state.cursor));
    root.setAttribute("aria-valuetext", [clockText(state.cursor, 1), ...said, ...happening].join("; "));
    placeCursor();
  }
  /** Mark the row of what lies at the cursor, and bring it into its own scrolling table only. */
  function markRow(id, scroll) {
    if (state.row) state.row.classList.remove("here");
    state.row = id ? document.getElementById(id) : null;
    for (const span of utteranceSpans) span.chosen = id === "u" + span.index;
    for (const span of eventSpans) span.chosen = id === "e" + span.index;
    redraw();
    if (!state.row) return;
    state.row.classList.add("here");
    const box = state.row.closest(".scroll");
    if (scroll && box) box.scrollTop = state.row.offsetTop - box.clientHeight / 2;
  }
  function markUtteranceAt(t, lane) {
    const at = utteranceSpans.filter((span) => span.begin <= t && t < span.end);
    const found = at.find((span) => span.lane === lane) || at[0];
    markRow(found ? "u" + found.index : null, true);
    return found;
  }
  function seek(t, lane) {
    moveTo(t, { follow: true });
    const found = markUtteranceAt(state.cursor, lane);
    play(state.cursor, lane >= 0 ? lane : found ? found.lane : -1, true);
  }
  function nextEvent(direction, kind) {
    const own = eventSpans.filter((span) => kind === undefined || span.kind === kind);
    if (!own.length) return;
    const ahead = direction > 0 ? own.find((span) => span.begin > state.cursor)
      : [...own].reverse().find((span) => span.begin < state.cursor);
    const span = ahead || own[direction > 0 ? 0 : own.length - 1];
    moveTo(span.begin, { follow: true });
    markRow("e" + span.index, true);
  }

  // ---- playback
  function play(t, lane, strictly) {
    if (!player) return;
    const covers = (clip) => clip[0] <= t && t < clip[1];
    const clip = data.clips.find((each) => covers(each) && each[2] === lane)
      || (strictly && lane >= 0 ? null : data.clips.find(covers));
    if (!clip) {
      player.pause();
      return;
    }
    const from = () => { player.currentTime = Math.max(0, (t - clip[0]) / 1000); };
    if (state.clip !== clip) {
      state.clip = clip;
      player.src = "data:audio/flac;base64," + clip[3];
      player.addEventListener("loadedmetadata", from, { once: true });
    } else from();
    const started = player.play();
    if (started) started.catch(() => {}); // a browser may want a click on the player itself first
  }
  if (player) {
    const follow = () => {
      if (!state.clip || player.paused) return;
      moveTo(state.clip[0] + player.currentTime * 1000, { follow: true });
      requestAnimationFrame(follow);
    };
    player.addEventListener("playing", follow);
  }

  // ---- what people do
  let press = null;
  const timeAt = (event) => {
    const { left, width } = area();
    const x = event.clientX - root.getBoundingClientRect().left - root.clientLeft - left;
    return scaleOf(view, width).t(Math.min(Math.max(x, 0), width));
  };
  const trackAt = (event) => tracks.find((each) => each.canvas === event.target) || null;
  const overviewTime = (event) => {
    const box = overview.canvas.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * duration;
  };
  const moveAlong = (event) => {
    const half = (view.to - view.from) / 2;
    show(overviewTime(event) - half, overviewTime(event) + half);
  };
  root.addEventListener("pointerdown", (event) => {
    const at = trackAt(event);
    if (event.button || !at) return;
    press = { x: event.clientX, t: timeAt(event), track: at, moved: false, from: view.from, touch: event.pointerType === "touch" };
    if (at === overview) moveAlong(event);
    event.target.setPointerCapture(event.pointerId);
  });
  root.addEventListener("pointermove", (event) => {
    const { left, width } = area();
    const scale = scaleOf(view, width);
    if (press && press.track === overview) moveAlong(event);
    else if (press) {
      press.moved = press.moved || Math.abs(event.clientX - press.x) > 5;
      if (press.moved && press.touch) {
        const by = (event.clientX - press.x) / scale.perMs;
        show(press.from - by, press.from - by + view.to - view.from);
      } else if (press.moved) {
        const [a, b] = [scale.x(press.t), scale.x(timeAt(event))].sort((one, other) => one - other);
        Object.assign(dragged.style, { display: "block", left: left + a + "px", width: b - a + "px" });
      }
    }
    hover(event, left, scale);
  });
  function hover(event, left, scale) {
    const at = trackAt(event);
    const shown = at && at !== overview && !(press && press.touch);
    hoverLine.style.display = tip.style.display = shown ? "block" : "none";
    if (!shown) return;
    const t = timeAt(event);
    const box = at.canvas.getBoundingClientRect();
    const span = at.hit(t, (event.clientY - box.top) / box.height, 3 / scale.perMs);
    hoverLine.style.left = left + scale.x(t) + "px";
    tip.textContent = span ? span.label + ", " + clockText(span.begin, 1) + " to " + clockText(span.end, 1) + " (" +
      ((span.end - span.begin) / 1000).toFixed(1) + " s)" : clockText(t, 1);
    const x = left + scale.x(t);
    tip.style.left = Math.min(x + 10, root.clientWidth - tip.offsetWidth - 4) + "px";
    tip.style.top = at.canvas.offsetTop + at.canvas.offsetHeight + 4 + "px";
  }
  root.addEventListener("pointerup", (event) => {
    const done = press;
    press = null;
    dragged.style.display = "none";
    if (!done || done.track === overview) return;
    const t = timeAt(event);
    if (done.moved) {
      if (!done.touch) show(Math.min(done.t, t), Math.max(done.t, t));
      return;
    }
    seek(t, done.track.lane);
    const box = done.track.canvas.getBoundingClientRect();
    const { width } = area();
    const span = done.track.hit(t, (event.clientY - box.top) / box.height, 3 / scaleOf(view, width).perMs);
    if (span && eventSpans.includes(span)) markRow("e" + span.index, true);
  });
  root.addEventListener("pointercancel", () => { press = null; dragged.style.display = "none"; });
  root.addEventListener("pointerleave", () => { hoverLine.style.display = tip.style.display = "none"; });
  root.addEventListener("wheel", (event) => {
    if (event.ctrlKey || event.metaKey) zoom(Math.exp(event.deltaY / 300), timeAt(event));
    else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
      const by = ((event.deltaX || event.deltaY) * (view.to - view.from)) / area().width;
      show(view.from + by, view.to + by);
    } else return;
    event.preventDefault();
  }, { passive: false });
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = (view.to - view.from < 20000 ? 100 : 1000) * (event.shiftKey ? 10 : 1);
    const step10 = 10 * (view.to - view.from < 20000 ? 100 : 1000);
    const go = (t) => { moveTo(t, { follow: true }); markUtteranceAt(state.cursor, -1); };
    const keys = {
      ArrowLeft: () => go(state.cursor - step), ArrowRight: () => go(state.cursor + step),
      ArrowDown: () => go(state.cursor - step), ArrowUp: () => go(state.cursor + step),
      PageDown: () => go(state.cursor - step10), PageUp: () => go(state.cursor + step10),
      Home: () => go(0), End: () => go(duration), n: () => nextEvent(1), p: () => nextEvent(-1),
      "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), 0: () => show(0, duration),
      " ": () => (player && !player.paused ? player.pause() : play(state.cursor, -1, false)),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[data-t]");
    if (!link) return;
    event.preventDefault();
    const row = link.closest("tr");
    const index = Number(row.id.slice(1));
    const lanes = { u: () => data.utterances[index][2], e: () => state.events[index][3] };
    seek(Number(link.dataset.t), lanes[row.id[0]] ? lanes[row.id[0]]() : -1);
    markRow(row.id, false);
  });
  const legend = document.getElementById("legend");
  data.kinds.forEach((kind, index) => {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    const swatch = document.createElement("i");
    swatch.style.background = "var(--" + (colour(kind.kind) ? kind.kind : "unknown-event") + ")";
    const many = eventSpans.filter((span) => span.kind === index).length;
    const number = Object.assign(document.createElement("span"), { className: "n", textContent: String(many) });
    button.append(swatch, kind.label, number);
    button.title = "Next: " + kind.label;
    button.addEventListener("click", () => nextEvent(1, index));
    legend.append(button);
  });
  const on = (id, act) => document.getElementById(id).addEventListener("click", act);
  on("zoom-in", () => zoom(0.5));
  on("zoom-out", () => zoom(2));
  on("zoom-all", () => show(0, duration));

  // ---- sizes, schemes, paper
  new ResizeObserver(redraw).observe(root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { moveTo(state.cursor); redraw(); });
  const paper = (on_) => { document.documentElement.classList.toggle("printing", on_); draw(); };
  addEventListener("beforeprint", () => paper(true));
  addEventListener("afterprint", () => paper(false));
  show(0, duration);
  draw();
  moveTo(0);
  document.documentElement.dataset.ready = "1";
})();
