// Sentiment as others judged it: a lane for each source, with a line for each participant, and its score at the cursor.

/** The last point at or before a time: of those that hold it, else of those that have ended; null before the first. */
function pointAt(points, t) {
  const ended = (point) => point[1] <= t;
  const holds = (point) => point[0] <= t && t < point[1];
  return points.find(holds) || points.filter(ended).pop() || null;
}

const scoreText = (score) => (score > 0 ? "+" : score < 0 ? "\u2212" : "") + Math.abs(score).toFixed(2);

/** Lines through the ends of what was judged, on an axis from -1.5 to 1.5; the points at the cursor are larger. */
function drawSentiment(canvas, view, lines, cursor, density) {
  const { context, width, height } = surface(canvas, 64, density);
  const { x } = scaleOf(view, width);
  const y = (score) => height / 2 - (score / 1.5) * (height / 2 - 6);
  drawGrid(context, view, width, height);
  context.fillStyle = colour("line");
  context.fillRect(0, y(0), width, 1);
  for (const line of lines) {
    context.fillStyle = context.strokeStyle = line.colour();
    context.lineWidth = 1.25;
    context.beginPath();
    for (const [, end, score] of line.points) context.lineTo(x(end), y(score));
    context.stroke();
    const here = pointAt(line.points, cursor);
    for (const point of line.points) {
      if (point[1] < view.from || point[1] > view.to) continue;
      context.beginPath();
      context.arc(x(point[1]), y(point[2]), point === here ? 4 : 1.6, 0, 2 * Math.PI);
      context.fill();
    }
  }
  context.fillStyle = colour("muted");
  for (const score of [1.5, -1.5]) {
    const text = (score > 0 ? "+" : "\u2212") + "1.5";
    context.fillText(text, width - context.measureText(text).width - 3, score > 0 ? 10 : height - 3);
  }
}

/** Add a lane for each source; return what draws them anew, and what tells the scores at a time. */
function sentimentLanes(data, lanes, colourOf, track, view, state) {
  const sources = [...new Set(data.sentiment.map((line) => line.of))];
  const added = sources.map((of) => {
    const lines = data.sentiment.filter((line) => line.of === of)
      .map((line) => ({ ...line, colour: colourOf(data.lanes[line.lane] || null), who: lanes[line.lane] ? lanes[line.lane].label : "Call" }));
    const told = lines.map((line) => line.who + " " + line.points.length).join(", ");
    const draw = (canvas, density) => drawSentiment(canvas, view, lines, state.cursor, density);
    return { of, lines, track: track("Sentiment", of, "sentiment", "Sentiment, " + of + ", judgements: " + told, draw) };
  });
  return {
    draw: () => added.forEach((each) => each.track.draw(each.track.canvas, screenDensity())),
    at: (t) => added.map((each) => {
      const scores = each.lines.map((line) => [line.who, pointAt(line.points, t)]).filter((pair) => pair[1]);
      return scores.length && "Sentiment (" + each.of + "): " + scores.map(([who, point]) => who + " " + scoreText(point[2])).join(", ");
    }).filter(Boolean),
  };
}
