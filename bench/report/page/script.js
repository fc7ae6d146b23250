"use strict";
const report = JSON.parse(document.getElementById("data").textContent);
const page = document.getElementById("report");
const colours = ["var(--first)", "var(--second)", "var(--third)"];

// ---- Elements ----------------------------------------------------------------------------------------------
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
  for (const child of children) node.append(child);
  return node;
}
const html = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
const svg = (name, attributes, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);

function table(head, rows) {
  const row = (cell, values) => html("tr", null, ...values.map(value => html(cell, null, value)));
  return html("div", { class: "scroll" },
    html("table", null, html("thead", null, row("th", head)),
      html("tbody", null, ...rows.map(values => row("td", values)))));
}

// ---- Figures -----------------------------------------------------------------------------------------------
function figure(value) {
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(value >= 10 ? 1 : 2);
}
const percent = share => (100 * share).toFixed(1) + "%";
const short = value => value >= 1e6 ? value / 1e6 + "M" : value >= 1e4 ? value / 1e3 + "k"
  : Number(value.toPrecision(3)).toLocaleString("en");
const most = values => values.reduce((a, b) => Math.max(a, b), 0);

// ---- Scales: from values to pixels, and where ticks are due ------------------------------------------------
function linear(max, from, to) {
  const top = max > 0 ? max : 1;
  const rough = top / 5, size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(factor => factor * size).find(candidate => candidate >= rough);
  const ticks = [];
  for (let i = 0; i * step <= top * 1.0001; ++i) ticks.push(i * step);
  return { at: value => from + (to - from) * value / top, ticks };
}
function logarithmic(min, max, from, to) {
  const marks = [];  // 1, 2, 5, 10, ...: from the last below to the first above
  for (let decade = Math.floor(Math.log10(min)); decade <= Math.ceil(Math.log10(max)); ++decade) {
    for (const factor of [1, 2, 5]) marks.push(Number((factor * 10 ** decade).toPrecision(1)));
  }
  const low = marks.findLast(mark => mark <= min), high = marks.find(mark => mark >= max && mark > low);
  const inside = marks.filter(mark => mark >= low && mark <= high);
  const decades = inside.filter(mark => Number.isInteger(Number(Math.log10(mark).toFixed(6))));
  const part = value => Math.log10(value / low) / Math.log10(high / low);
  return { at: value => from + (to - from) * part(value), ticks: inside.length > 8 ? decades : inside };
}
const positive = values => values.filter(value => value > 0);
function latencyScale(values, from, to) {
  const some = positive(values);
  return some.length === 0 ? logarithmic(1, 10, from, to)
    : logarithmic(Math.min(...some), Math.max(...some), from, to);
}

// ---- Plots -------------------------------------------------------------------------------------------------
const box = { width: 960, left: 64, right: 16, bottom: 40 };

function axes(plot, x, y, top, height, xName, yName) {
  const floor = height - box.bottom;
  for (const tick of y.ticks) {
    plot.append(svg("line", { class: "grid", x1: box.left, x2: box.width - box.right, y1: y.at(tick), y2: y.at(tick) }),
      svg("text", { x: box.left - 8, y: y.at(tick) + 4, "text-anchor": "end" }, short(tick)));
  }
  for (const tick of x.ticks) {
    plot.append(svg("line", { class: "grid", x1: x.at(tick), x2: x.at(tick), y1: floor, y2: floor + 5 }),
      svg("text", { x: x.at(tick), y: floor + 18, "text-anchor": "middle" }, short(tick)));
  }
  plot.append(svg("text", { x: box.width - box.right, y: height - 4, "text-anchor": "end" }, xName),
    svg("text", { class: "name", x: box.left, y: top - 10 }, yName));
}

// A row for each label, so that none covers another.
function bandRows(bands, x) {
  const ends = [];
  return bands.map(band => {
    const width = 7 * band.name.length + 12;
    const begin = Math.min(x.at(band.from), box.width - box.right - width);
    let row = ends.findIndex(end => end < begin);
    if (row < 0) row = ends.push(0) - 1;
    ends[row] = begin + width;
    return { row, begin };
  });
}

function drawBands(plot, bands, rows, x, top, floor) {
  bands.forEach((band, i) => {
    const from = x.at(band.from), to = x.at(band.to);
    plot.append(svg("rect", { class: "band", x: from, y: top, width: Math.max(1, to - from), height: floor - top }),
      svg("line", { class: "edge", x1: from, x2: from, y1: top, y2: floor }),
      svg("text", { class: "fault", x: rows[i].begin + 4, y: top + 14 + 15 * rows[i].row }, band.name));
  });
}

// `values` stand in the middle of their intervals; where there are none the line is broken.
function line(values, interval, x, y, colour, isLog) {
  let path = "", pen = false;
  values.forEach((value, i) => {
    if (isLog && value <= 0) { pen = false; return; }
    path += `${pen ? "L" : "M"}${x.at((i + 0.5) * interval).toFixed(1)} ${y.at(value).toFixed(1)}`;
    if (!pen && (i + 1 === values.length || (isLog && !(values[i + 1] > 0)))) path += "h1";  // a lone point
    pen = true;
  });
  return svg("path", { d: path, stroke: colour });
}

function timePlot(run, yName, lines, isLog) {
  const interval = run.series.interval, duration = lines[0].values.length * interval;
  const x = linear(duration, box.left, box.width - box.right);
  const rows = bandRows(run.bands, x);
  const labels = 15 * (1 + most(rows.map(({ row }) => row + 1)));
  const top = 30, height = 230 + labels, floor = height - box.bottom;
  const all = lines.flatMap(({ values }) => values);
  const y = isLog ? latencyScale(all, floor, top + labels) : linear(1.05 * most(all), floor, top + labels);
  const plot = svg("svg", { viewBox: `0 0 ${box.width} ${height}`, role: "img" });
  drawBands(plot, run.bands, rows, x, top, floor);
  axes(plot, x, y, top, height, "seconds", yName);
  lines.forEach(({ values }, i) => plot.append(line(values, interval, x, y, colours[i], isLog)));
  return lines.length === 1 ? plot : html("div", null, plot, legend(lines.map(({ name }) => name)));
}

function legend(names) {
  return html("div", { class: "legend" },
    ...names.map((name, i) => html("span", null, html("i", { style: `background:${colours[i]}` }), name)));
}

// Marks at percentiles, a row for each phase: how far the tail reaches.
function percentilePlot(phases) {
  const parts = [["p50", "p50_ms"], ["p95", "p95_ms"], ["p99", "p99_ms"], ["p99.9", "p999_ms"], ["max", "max_ms"]];
  const shown = phases.filter(phase => phase.done > 0);
  const height = 64 + 34 * shown.length, left = 250;
  const x = latencyScale(shown.flatMap(phase => parts.map(([, key]) => phase[key])), left, box.width - 40);
  const plot = svg("svg", { viewBox: `0 0 ${box.width} ${height}`, role: "img" });
  for (const tick of x.ticks) {
    plot.append(svg("line", { class: "grid", x1: x.at(tick), x2: x.at(tick), y1: 10, y2: height - box.bottom }),
      svg("text", { x: x.at(tick), y: height - box.bottom + 16, "text-anchor": "middle" }, short(tick)));
  }
  plot.append(svg("text", { x: box.width - 40, y: height - 6, "text-anchor": "end" }, "latency in ms"));
  shown.forEach((phase, i) => {
    const y = 34 + 34 * i;
    const name = phase.name.length > 36 ? phase.name.slice(0, 35) + "…" : phase.name;
    plot.append(svg("text", { class: "name", x: 0, y: y + 4 }, name),
      svg("path", { d: `M${x.at(phase.p50_ms)} ${y}H${x.at(phase.max_ms)}`, stroke: colours[0] }));
    const labels = [];  // those that would cover each other are one
    for (const [name, key] of parts) {
      const at = x.at(phase[key]), last = labels[labels.length - 1];
      plot.append(svg("circle", { cx: at, cy: y, r: 4, fill: colours[0] }));
      if (last && at - last.at < 46 + 26 * (last.from !== last.to)) last.to = name;
      else labels.push({ at, from: name, to: name });
    }
    for (const { at, from, to } of labels) {
      plot.append(svg("text", { x: at, y: y - 9, "text-anchor": "middle" }, from === to ? from : `${from} to ${to}`));
    }
  });
  return plot;
}

function curvePlot(runs) {
  const height = 340, top = 34, floor = height - box.bottom;
  const lines = [["p50", "p50_ms"], ["p99", "p99_ms"]];
  const x = linear(1.08 * most(runs.map(run => run.whole.per_second)), box.left, box.width - box.right);
  const y = latencyScale(runs.flatMap(run => lines.map(([, key]) => run.whole[key])), floor, top);
  const plot = svg("svg", { viewBox: `0 0 ${box.width} ${height}`, role: "img" });
  axes(plot, x, y, top, height, "operations per second", "latency in ms");
  lines.forEach(([, key], i) => {
    const points = runs.filter(run => run.whole[key] > 0).map(run => [x.at(run.whole.per_second), y.at(run.whole[key]), run]);
    plot.append(svg("path", { d: "M" + points.map(([a, b]) => `${a} ${b}`).join("L"), stroke: colours[i] }));
    for (const [a, b, run] of points) {
      plot.append(svg("circle", { cx: a, cy: b, r: 4, fill: colours[i] }));
      if (i === 0) plot.append(svg("text", { x: a + 9, y: b + 16 },
        String(run.setting.clients * run.setting.outstanding)));
    }
  });
  return html("div", null, plot, legend(["p50; the number is how many operations are outstanding", "p99"]));
}

function retentionPlot(rows) {
  const left = 250, height = 50 + 24 * rows.length;
  const x = linear(Math.max(1, most(rows.map(row => row.kept))), left, box.width - 70);
  const plot = svg("svg", { viewBox: `0 0 ${box.width} ${height}`, role: "img" });
  for (const tick of x.ticks) {
    plot.append(svg("line", { class: "grid", x1: x.at(tick), x2: x.at(tick), y1: 6, y2: height - 36 }),
      svg("text", { x: x.at(tick), y: height - 20, "text-anchor": "middle" }, Math.round(100 * tick) + "%"));
  }
  plot.append(svg("line", { class: "edge", x1: x.at(0.95), x2: x.at(0.95), y1: 6, y2: height - 36 }),
    svg("text", { x: box.width - 70, y: height - 4, "text-anchor": "end" },
      "of the fault-free throughput kept; the broken line: 95%"));
  rows.forEach((row, i) => {
    const y = 10 + 24 * i;
    plot.append(svg("text", { class: "name", x: 0, y: y + 12 }, row.fault),
      svg("rect", { x: left, y, width: x.at(row.kept) - left, height: 16, fill: row.kept >= 0.95 ? colours[2] : colours[1] }),
      svg("text", { x: x.at(row.kept) + 6, y: y + 12 }, percent(row.kept)));
  });
  return plot;
}

// ---- Parts of the page -------------------------------------------------------------------------------------
function conditions(setting) {
  const load = setting.rate > 0 ? `${figure(setting.rate)} op/s offered` : "closed loop";
  return `n = ${setting.replicas}, ${setting.clients} clients × ${setting.outstanding} outstanding, ${load}, ` +
    `${setting.request_bytes}/${setting.reply_bytes} B, ${setting.reads_percent}% reads, ${setting.auth}, ` +
    `${setting.durability}, seed ${setting.seed}, ${setting.duration} s after ${setting.warmup} s of warm-up`;
}

function phaseTable(run) {
  const phases = run.phases.length === 1 ? run.phases : [...run.phases, run.whole];
  return table(["phase", "seconds", "offered", "done", "failed", "op/s", "p50 ms", "p95", "p99", "p99.9", "max",
    "views", "gap ms", "worst client"],
    phases.map(phase => [phase.name, `${phase.from.toFixed(1)}–${phase.to.toFixed(1)}`,
      phase.offered.toLocaleString("en"), phase.done.toLocaleString("en"), phase.failed.toLocaleString("en"),
      ...[phase.per_second, phase.p50_ms, phase.p95_ms, phase.p99_ms, phase.p999_ms, phase.max_ms].map(figure),
      String(phase.view_changes), figure(phase.longest_gap_ms), percent(phase.worst_client)]));
}

const columns = () => html("p", { class: "quiet" }, "views: view changes; gap: the longest time in which no client got " +
  "an answer; worst client: what the client served worst got done, to the median client.");

function checksOf(checks) {
  const safe = checks.violations.length === 0;
  return html("div", null,
    html("p", { class: safe ? "good" : "bad" }, safe ? "Safe" : "SAFETY VIOLATED"),
    html("p", null, `${checks.audited.toLocaleString("en")} of ${checks.acknowledged.toLocaleString("en")} acknowledged ` +
      `writes are in the state exactly once; ${checks.observed.toLocaleString("en")} answers checked for ` +
      `linearizability; states compared at ${checks.checkpoints} checkpoints.`),
    ...checks.violations.map(text => html("p", { class: "bad" }, text)),
    ...checks.notes.map(text => html("p", { class: "quiet" }, text)));
}

function runBody(run) {
  const body = [html("p", { class: "quiet" }, conditions(run.setting))];
  if (run.series.per_second.length > 1) {
    body.push(timePlot(run, "operations per second", [{ values: run.series.per_second }], false),
      timePlot(run, "latency in ms", [{ name: "p50", values: run.series.p50_ms }, { name: "p99", values: run.series.p99_ms }], true));
  }
  body.push(phaseTable(run), columns());
  if (run.whole.done > 0) body.push(html("h3", null, "Latency percentiles"), percentilePlot(run.phases));
  if (run.stages.length > 0) {
    body.push(html("h3", null, "Where a batch's time goes, at the primary"),
      table(["stage", "p50 µs", "p99 µs"], run.stages.map(stage => [stage.name, figure(stage.p50_us), figure(stage.p99_us)])));
  }
  if (run.processes.length > 0) {
    body.push(html("h3", null, "What the processes used"),
      table(["process", "CPU, % of a core", "memory, MB", "at most", "descriptors", "at most", "data, MB", "at most",
        "disk MB/s", "syncs/s", "received MB/s", "sent MB/s"],
        run.processes.map(use => [use.name, figure(use.cpu_percent), figure(use.first_rss_mb), figure(use.max_rss_mb),
          String(use.first_descriptors), String(use.max_descriptors), figure(use.first_data_mb), figure(use.max_data_mb),
          figure(use.disk_mb_per_second), figure(use.syncs_per_second),
          figure(use.received_mb_per_second), figure(use.sent_mb_per_second)])));
  }
  body.push(html("h3", null, "Checks"), checksOf(run.checks));
  return body;
}

const retention = report.runs.filter(run => run.phases.length > 1).map(run => {
  const before = run.phases[0], after = run.phases[run.phases.length - 1];
  return { fault: run.name, before, after, kept: before.per_second > 0 ? after.per_second / before.per_second : 0,
    safe: run.checks.violations.length === 0 };
});
const machine = report.machine, safe = report.runs.every(run => run.checks.violations.length === 0);

page.replaceChildren(
  html("h1", null, `pbft-bench ${report.kind}`),
  html("p", { class: safe ? "good" : "bad" }, safe ? "Every check passed." : "SAFETY VIOLATED: see the checks of each run."),
  html("p", { class: "quiet" }, `${machine.date}; commit ${machine.commit}, version ${machine.version}, ` +
    `${machine.build_type}, ${machine.compiler}; ${machine.cpu}, ${machine.cores} cores, ` +
    `${figure(machine.memory_gb)} GB, Linux ${machine.kernel}`),
  html("p", { class: "quiet" }, html("code", null, report.command)));

const curve = report.runs.filter(run => run.phases.length === 1);
if (report.kind === "sweep" && curve.length > 1) page.append(html("h2", null, "Latency against throughput"), curvePlot(curve));
if (report.kind === "faults" && retention.length > 0) {
  page.append(html("h2", null, "Throughput kept under each fault"), retentionPlot(retention),
    table(["fault", "fault-free op/s", "op/s", "kept", "worst client", "p99 ms before", "p99 ms", "views", "gap ms",
      "failed", "safe"],
      retention.map(({ fault, before, after, kept, safe: isSafe }) => [fault, figure(before.per_second),
        figure(after.per_second), percent(kept), percent(after.worst_client), figure(before.p99_ms), figure(after.p99_ms),
        String(after.view_changes), figure(after.longest_gap_ms), after.failed.toLocaleString("en"), isSafe ? "yes" : "NO"])),
    columns());
}
page.append(html("h2", null, report.runs.length === 1 ? "The run" : "The runs"));
report.runs.forEach((run, i) => {
  if (report.runs.length === 1) return page.append(...runBody(run));
  const summary = html("summary", null, run.name + " ",
    html("span", { class: "quiet" }, `${figure(run.whole.per_second)} op/s, p50 ${figure(run.whole.p50_ms)} ms`));
  page.append(html("details", i === 0 ? { open: "" } : null, summary, ...runBody(run)));
});
