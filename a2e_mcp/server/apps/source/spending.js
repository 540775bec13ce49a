// The spending page: what was spent by day and kind, what the limits leave, and what is running.
let asked = {};

function show(data) {
  $("sandbox").hidden = !data.sandbox;
  $("status").textContent = `${credits(data.total)}, ${counted(data.starts, "start")} from this computer${asked.days ? ` in ${counted(asked.days, "day")}` : ""}.`;
  const { per_day: day, per_start: start } = data.ceilings ?? {};
  $("limit").hidden = day === undefined;
  if (day !== undefined) {
    const used = data.spent_today ?? 0;
    $("used").max = Math.max(day, 1);
    $("used").high = 0.8 * Math.max(day, 1);
    $("used").value = used;
    $("used").textContent = credits(used);
    $("limit-words").textContent = `${Number(used.toFixed(2))} of ${credits(day)} spent${start === undefined ? "" : `; at most ${credits(start)} a start`}.`;
  } else if (start !== undefined) {
    $("status").textContent += ` At most ${credits(start)} a start.`;
  }
  bars("days", Object.entries(data.by_day ?? {}));
  bars("kinds", Object.entries(data.by_kind ?? {}).map(([kind, spent]) => [kindOf(kind), spent]));
  const rows = data.spending ?? [];
  $("starts").hidden = !rows.length;
  fill("starts", ["When (UTC)", "What", "Credits"], rows.map((row) => [
    row.when.slice(0, 16).replace("T", " "),
    `${kindOf(row.job_id)}: ${row.title}`,
    `${Number(row.credits.toFixed(2))}${row.sure ? "" : " expected"}`,
  ]));
}

function bars(id, entries) {
  $(id).hidden = !entries.length;
  const most = Math.max(...entries.map(([, spent]) => spent));
  fill(id, [id === "days" ? "Day" : "Kind", "Credits", "Share"], entries.map(([name, spent]) => {
    const bar = made("span", { class: "bar", "aria-hidden": "true" });
    bar.style.width = `${(100 * spent) / most}%`;
    return [name, String(Number(spent.toFixed(2))), bar];
  }));
}

function fill(id, head, rows) {
  const number = head.indexOf("Credits");
  const cell = (tag, text, column) => made(tag, { scope: tag === "th" ? "col" : undefined, class: column === number ? "number" : undefined }, text);
  $(id).querySelector("table").replaceChildren(
    made("thead", {}, made("tr", {}, ...head.map((text, column) => cell("th", text, column)))),
    made("tbody", {}, ...rows.map((row) => made("tr", {}, ...row.map((text, column) => cell("td", text, column))))),
  );
}

async function running() {
  const lists = await Promise.all(["queued", "running"].map((state) => host.call("list_jobs", { state })));
  const jobs = lists.flatMap((list) => list.jobs ?? []);
  $("running").hidden = !jobs.length;
  $("jobs").replaceChildren(...jobs.map((job) => made("li", {}, `${kindOf(job.job_id)}: ${job.title ?? job.job_id}, ${job.state}${job.credits === undefined ? "" : `, ${credits(job.credits)}`}`)));
}

async function refresh() {
  $("refresh").disabled = true;
  try {
    show(await host.call("list_spending", asked));
    await running();
  } catch (problem) {
    $("status").textContent = problem.message;
  }
  $("refresh").disabled = false;
}

host.on["ui/notifications/tool-input"] = ({ arguments: input }) => {
  asked = input ?? {};
};
host.on["ui/notifications/tool-result"] = async (result) => {
  if (result.isError || !result.structuredContent) {
    $("status").textContent = textOf(result);
    return;
  }
  show(result.structuredContent);
  if (!host.calls) return;
  $("refresh").hidden = false;
  try {
    await running();
  } catch (problem) {
    $("status").textContent += ` What is running could not be read: ${problem.message}`;
  }
};
$("refresh").onclick = refresh;
host.begin("A2E spending");
