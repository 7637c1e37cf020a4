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

/** Waveform: the largest peak below each pixel, stronger where its participant speaks; stretches without audio hatched. */
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
    let most = -1;
    for (const wave of lane.waves) {
      const first = Math.max(0, Math.floor((begin - wave.begin) / PEAK_MS));
      const last = Math.max(first + 1, Math.floor((begin + barMs - wave.begin) / PEAK_MS));
      if (begin + barMs <= wave.begin) continue;
      for (let i = first; i < last && i < wave.peaks.length; i++) if (wave.peaks[i] > most) most = wave.peaks[i];
    }
    const left = (begin - view.from) * perMs;
    if (most < 0) {
      context.fillRect(left, 4, Math.max(bar, 1), height - 8);
      continue;
    }
    while (spoken < lane.spoken.length && lane.spoken[spoken][1] <= begin) spoken++;
    const speaks = spoken < lane.spoken.length && lane.spoken[spoken][0] < begin + barMs;
    const half = Math.max(0.5, Math.pow(most / 127, 0.6) * (middle - 2));
    bars[speaks ? 1 : 0].push(left, middle - half, bar > 3 ? bar - 1 : Math.max(bar, 1), 2 * half);
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
function drawSpans(canvas, view, spans, rows, density) {
  const rowHeight = 13;
  const { context, width, height } = surface(canvas, rows * rowHeight, density);
  const { x } = scaleOf(view, width);
  drawGrid(context, view, width, height);
  for (const span of spans) {
    if (span.end < view.from || span.begin > view.to) continue;
    const left = Math.max(x(span.begin), -4);
    const wide = Math.max(Math.min(x(span.end), width + 4) - left, 2);
    const top = span.row * rowHeight + 2;
    const tall = (span.rows || 1) * rowHeight - 4;
    context.fillStyle = span.colour();
    context.globalAlpha = span.faint ? 0.45 : 1;
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
      context.fillText(span.text, Math.max(left, 0) + 5, top + tall - 0.5);
    }
  }
}

/** A value a second for each lane: from the least to the most below each pixel; dots where values stand alone. */
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
        let least = Infinity, most = -Infinity;
        for (let j = Math.max(i, 0); j < i + each && j < last; j++) {
          if (values[j] === null) continue;
          if (values[j] < least) least = values[j];
          if (values[j] > most) most = values[j];
          if (dots) context.fillRect(x(series.begin + (j + 0.5) * SECOND_MS) - 1.3, y(values[j]) - 1.3, 2.6, 2.6);
        }
        if (most === -Infinity) drawing = false;
        else if (!dots) {
          const at = x(series.begin + (i + each / 2) * SECOND_MS);
          if (drawing) context.lineTo(at, y(most));
          else context.moveTo(at, y(most));
          if (least < most) context.lineTo(at, y(least));
          drawing = true;
        }
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
    for (const [begin, end] of lane.spoken) {
      context.fillRect(x(begin), 2 + index * tall, Math.max(x(end) - x(begin), 1), tall - 1);
    }
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
