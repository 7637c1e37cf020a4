// Drawing: each function fills one canvas for the stretch of time in view. Times are milliseconds, sizes CSS pixels.
"use strict";

const PEAK_MS = 50;
const SECOND_MS = 1000;
const STEPS_MS = [50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5];

/** The colour of a name in report.css, in the scheme that is shown. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

/** m:ss or h:mm:ss, with as many decimals as asked for. */
function clockText(ms, decimals) {
  const unit = 1000 / Math.pow(10, decimals);
  const steps = Math.round(Math.abs(ms) / unit);
  const per = Math.pow(10, decimals);
  const seconds = Math.floor(steps / per);
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const head = hours ? hours + ":" + two(minutes) : String(minutes);
  const tail = decimals ? "." + String(steps % per).padStart(decimals, "0") : "";
  return (ms < 0 && steps ? "\u2212" : "") + head + ":" + two(seconds % 60) + tail;
}

/** Canvas pixels for each CSS pixel: the screen's, or paper's. */
function screenDensity() {
  return document.documentElement.classList.contains("printing") ? 3 : Math.min(window.devicePixelRatio || 1, 3);
}

/** Size a canvas for the screen's pixels, clear it, and return its context and size. */
function surface(canvas, height, density) {
  const width = Math.max(1, canvas.clientWidth || canvas.parentElement.clientWidth);
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  canvas.style.height = height + "px";
  const context = canvas.getContext("2d");
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = "11px " + getComputedStyle(document.body).fontFamily;
  return { context, width, height };
}

/** Map times to pixels. */
function scaleOf(view, width) {
  const perMs = width / (view.to - view.from);
  return { x: (t) => (t - view.from) * perMs, t: (x) => view.from + x / perMs, perMs };
}

/** Visible times at which the axis has a mark: whole steps, no closer than 70 pixels. */
function ticks(view, width) {
  const least = (70 * (view.to - view.from)) / width;
  const step = STEPS_MS.find((each) => each >= least) || Math.ceil(least / 36e5) * 36e5;
  const found = [];
  for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) found.push(t);
  return { step, found };
}

function drawAxis(canvas, view, density) {
  const { context, width, height } = surface(canvas, 20, density);
  const { x } = scaleOf(view, width);
  const { step, found } = ticks(view, width);
  const decimals = step < 100 ? 2 : step < 1000 ? 1 : 0;
  context.fillStyle = colour("muted");
  for (const t of found) {
    const text = clockText(t, decimals);
    const half = context.measureText(text).width / 2;
    context.fillRect(x(t), height - 4, 1, 4);
    context.fillText(text, Math.min(Math.max(x(t) - half, 0), width - 2 * half), height - 8);
  }
}

function drawGrid(context, view, width, height) {
  const { x } = scaleOf(view, width);
  context.fillStyle = colour("soft");
  for (const t of ticks(view, width).found) context.fillRect(Math.round(x(t)), 0, 1, height);
}

/** The share of each pixel that spans [begin, end, ...] cover; they are sorted and disjoint. */
function coverage(spans, view, width) {
  const { x } = scaleOf(view, width);
  const shares = new Float32Array(Math.ceil(width));
  for (const [begin, end] of spans) {
    if (end <= view.from || begin >= view.to) continue;
    const left = Math.max(x(begin), 0), right = Math.min(x(end), shares.length);
    for (let at = Math.floor(left); at < right; at++) shares[at] += Math.min(at + 1, right) - Math.max(at, left);
  }
  return shares;
}

/** Speech so dense that spans would merge into one: each pixel as strong as its share of speech. */
function drawShares(context, spans, view, width, top, tall) {
  const steps = coverage(spans, view, width).map((share) => Math.ceil(share * 16));
  for (let at = 0, end = 0; at < steps.length; at = end) {
    // Equal neighbours in one piece: on screens with fractional pixels there would be seams.
    for (end = at + 1; end < steps.length && steps[end] === steps[at]; ) end++;
    if (!steps[at]) continue;
    context.globalAlpha = Math.min(0.12 + (0.88 * steps[at]) / 16, 1);
    context.fillRect(at, top, end - at, tall);
  }
  context.globalAlpha = 1;
}

/** Whether a pixel holds so much time that what lies in it must be summed up. */
const crowded = (perMs) => perMs * 1500 < 1;

/** Waveform: the largest peak below each pixel, stronger where its participant speaks, and their mean where a pixel
 * holds many; stretches without audio are shaded. */
function drawWaves(canvas, view, lane, density) {
  const { context, width, height } = surface(canvas, 56, density);
  const { t, perMs } = scaleOf(view, width);
  drawGrid(context, view, width, height);
  const middle = height / 2;
  const barMs = Math.max(PEAK_MS, 1 / perMs);
  const bar = barMs * perMs;
  let spoken = 0;
  const bars = [[], []];
  context.fillStyle = colour("soft");
  for (let begin = Math.floor(view.from / barMs) * barMs; begin < view.to; begin += barMs) {
    let most = -1, sum = 0, count = 0;
    for (const wave of lane.waves) {
      const first = Math.max(0, Math.floor((begin - wave.begin) / PEAK_MS));
      const last = Math.max(first + 1, Math.floor((begin + barMs - wave.begin) / PEAK_MS));
      if (begin + barMs <= wave.begin) continue;
      for (let i = first; i < last && i < wave.peaks.length; i++) {
        const peak = wave.peaks[i];
        if (peak > most) most = peak;
        if (peak >= 0) { sum += peak; count++; }
      }
    }
    const left = (begin - view.from) * perMs;
    if (most < 0) {
      context.fillRect(left, 4, Math.max(bar, 1), height - 8);
      continue;
    }
    while (spoken < lane.spoken.length && lane.spoken[spoken][1] <= begin) spoken++;
    const speaks = spoken < lane.spoken.length && lane.spoken[spoken][0] < begin + barMs;
    const many = crowded(perMs);
    const half = (peak) => Math.max(0.5, Math.pow(peak / 127, 0.6) * (middle - 2));
    const wide = bar > 3 ? bar - 1 : Math.max(bar, 1);
    bars[speaks && !many ? 1 : 0].push(left, middle - half(most), wide, 2 * half(most));
    if (many) bars[1].push(left, middle - half(sum / count), wide, 2 * half(sum / count));
  }
  for (const strong of [0, 1]) {
    context.fillStyle = lane.colour();
    context.globalAlpha = strong ? 1 : 0.38;
    const group = bars[strong];
    for (let i = 0; i < group.length; i += 4) context.fillRect(group[i], group[i + 1], group[i + 2], group[i + 3]);
  }
  context.globalAlpha = 1;
  if (!lane.waves.length) note(context, "no waveform kept", height);
}

function note(context, text, height) {
  context.fillStyle = colour("muted");
  context.fillText(text, 8, height / 2 + 4);
}

/** Spans in rows: each at least 2 pixels wide, so that none is lost on a long call. */
function drawSpans(canvas, view, spans, rows, density, dense) {
  const rowHeight = spans.some((span) => span.text) ? 17 : 13;
  const { context, width, height } = surface(canvas, rows * rowHeight, density);
  const { x } = scaleOf(view, width);
  drawGrid(context, view, width, height);
  const shared = dense && spans.length && crowded(width / (view.to - view.from));
  if (shared) {
    context.fillStyle = spans[0].colour();
    drawShares(context, spans.map((span) => [span.begin, span.end]), view, width, 2, rowHeight - 4);
  }
  for (const span of spans) {
    if (shared && !span.mark && !span.chosen) continue;
    if (span.end < view.from || span.begin > view.to) continue;
    const left = Math.max(x(span.begin), -4);
    const wide = Math.max(Math.min(x(span.end), width + 4) - left, 2);
    const top = span.row * rowHeight + 2;
    const tall = (span.rows || 1) * rowHeight - 4;
    context.fillStyle = span.colour();
    context.globalAlpha = shared ? 0 : span.faint ? 0.45 : 1;
    context.beginPath();
    if (wide > 5 && context.roundRect) context.roundRect(left, top, wide - 0.5, tall, 2);
    else context.rect(left, top, wide, tall);
    context.fill();
    context.globalAlpha = 1;
    if (span.mark) {
      context.fillStyle = span.mark();
      context.fillRect(left, top - 2, 2.5, tall + 4);
    }
    if (span.chosen) {
      context.strokeStyle = colour("ink");
      context.lineWidth = 1.5;
      context.strokeRect(left - 1, top - 1, wide + 2, tall + 2);
    }
    if (span.text && wide > context.measureText(span.text).width + 10) {
      context.fillStyle = colour("ink");
      context.fillText(span.text, Math.max(left, 0) + 5, top + tall - 2.5);
    }
  }
}

/** A value a second for each lane, as a line or as dots; where a pixel holds several seconds, their range and mean. */
function drawSeries(canvas, view, lanes, name, axis, dots, density) {
  const { context, width, height } = surface(canvas, 64, density);
  drawGrid(context, view, width, height);
  if (!axis) {
    note(context, "not computable", height);
    return;
  }
  const { x, perMs } = scaleOf(view, width);
  const [low, high] = axis;
  const place = dots ? Math.log : (value) => value;
  const y = (value) => {
    const share = (place(Math.min(Math.max(value, low), high)) - place(low)) / (place(high) - place(low));
    return height - 5 - share * (height - 12);
  };
  for (const lane of lanes) {
    context.fillStyle = context.strokeStyle = lane.colour();
    context.lineWidth = 1.25;
    context.globalAlpha = 0.9;
    for (const series of lane.series) {
      const values = series[name];
      const first = Math.max(0, Math.floor((view.from - series.begin) / SECOND_MS) - 1);
      const last = Math.min(values.length, Math.ceil((view.to - series.begin) / SECOND_MS) + 1);
      const each = Math.max(1, Math.floor(1 / (perMs * SECOND_MS)));
      context.beginPath();
      let drawing = false;
      for (let i = first - (first % each); i < last; i += each) {
        let least = Infinity, most = -Infinity, sum = 0, count = 0;
        for (let j = Math.max(i, 0); j < i + each && j < last; j++) {
          if (values[j] === null) continue;
          if (values[j] < least) least = values[j];
          if (values[j] > most) most = values[j];
          sum += values[j];
          count++;
        }
        const at = x(series.begin + (i + each / 2) * SECOND_MS);
        if (count && each > 1) {
          context.globalAlpha = 0.22;
          context.fillRect(at - 0.5, y(most), 1, Math.max(y(least) - y(most), 1));
          context.globalAlpha = 0.9;
        }
        if (count && dots) context.fillRect(at - 1.3, y(sum / count) - 1.3, 2.6, 2.6);
        else if (count && drawing) context.lineTo(at, y(sum / count));
        else if (count) context.moveTo(at, y(sum / count));
        drawing = count > 0;
      }
      if (!dots) context.stroke();
    }
    context.globalAlpha = 1;
  }
  const unit = dots ? " Hz" : " dBFS";
  for (const value of axis) {
    const text = String(value).replace("-", "\u2212") + unit;
    const left = width - context.measureText(text).width - 3;
    const base = value === high ? 10 : height - 3;
    context.fillStyle = colour("card");
    context.globalAlpha = 0.8;
    context.fillRect(left - 3, base - 10, width - left + 3, 13);
    context.globalAlpha = 1;
    context.fillStyle = colour("muted");
    context.fillText(text, left, base);
  }
}

/** The whole call in one strip, and which part of it is in view. */
function drawOverview(canvas, duration, lanes, view, density) {
  const { context, width, height } = surface(canvas, 22, density);
  const { x } = scaleOf({ from: 0, to: duration }, width);
  const tall = (height - 4) / Math.max(lanes.length, 1);
  lanes.forEach((lane, index) => {
    context.fillStyle = lane.colour();
    drawShares(context, lane.spoken, { from: 0, to: duration }, width, 2 + index * tall, tall - 1);
  });
  context.fillStyle = colour("paper");
  context.globalAlpha = 0.72;
  context.fillRect(0, 0, x(view.from), height);
  context.fillRect(x(view.to), 0, width - x(view.to), height);
  context.globalAlpha = 1;
  context.strokeStyle = colour("muted");
  context.lineWidth = 1;
  context.strokeRect(x(view.from) + 0.5, 0.5, Math.max(x(view.to) - x(view.from) - 1, 2), height - 1);
}
