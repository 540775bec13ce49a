// The job card: follows jobs to their end, plays what they made, and says what they cost.
const SHORTEST_PAUSE = 1;
const LONGEST_PAUSE = 30;
const MOST_TROUBLES = 6;
const STATES = { queued: "Queued", running: "Running", succeeded: "Ready", failed: "Failed", unknown: "Unknown" };
const KINDS = { video: /\.(mp4|m4v|mov|webm)$/i, audio: /\.(mp3|wav|m4a|aac|ogg|opus|flac)$/i, img: /\.(png|jpe?g|webp|gif)$/i };
const jobs = new Map();
let timer = 0;
let troubles = 0;
let said = "";

const ended = (job) => job.state === "succeeded" || job.state === "failed";

function take(data) {
  const rows = data.jobs?.length ? data.jobs : [data];
  for (const row of rows) if (row.job_id) jobs.set(row.job_id, { ...jobs.get(row.job_id), ...row });
  // The first job of several has its fields beside the list.
  if (data.job_id) jobs.set(data.job_id, { ...jobs.get(data.job_id), ...data, jobs: undefined });
}

function statusOf(job) {
  const share = job.state === "running" && job.progress > 0 ? `, ${Math.round(job.progress * 100)} %` : "";
  const left = !ended(job) && job.remaining_seconds > 0 ? `, about ${Math.round(job.remaining_seconds)} s left` : "";
  return `${STATES[job.state] ?? job.state}${share}${left}`;
}

function show() {
  const all = [...jobs.values()];
  const [first] = all;
  if (!first) return;
  $("title").textContent = all.length > 1 ? `${kindOf(first.job_id)}: ${counted(all.length, "job")}` : kindOf(first.job_id);
  $("sandbox").hidden = !all.some((job) => job.sandbox);
  // Said by a screen reader only when the state changes, not at every per cent.
  const state = all.every((job) => job.state === first.state) ? STATES[first.state] ?? first.state : `${all.filter(ended).length} of ${all.length} have ended`;
  if ($("status").textContent !== state) $("status").textContent = state;
  all.forEach((job, number) => showJob(job, all.length > 1 ? number + 1 : 0));
  const paid = all.map((job) => job.total_credits ?? job.credits).filter((each) => typeof each === "number");
  $("cost").hidden = false;
  $("cost").textContent = paid.length ? `Cost: ${credits(paid.reduce((sum, each) => sum + each, 0))}${first.sandbox ? " of play money" : ""}` : first.charged ?? "Cost: not known yet";
  const notes = [first.warning, all.length > 1 ? "" : first.error, first.note].filter(Boolean).join(" ");
  $("note").hidden = !notes;
  $("note").textContent = notes;
  $("note").className = first.state === "failed" ? "bad" : "quiet";
}

// What a job is called: several of one start share a title, which only the first of them may have.
function nameOf(job, number) {
  const title = job.title ?? [...jobs.values()][0].title;
  return number ? `${number}. ${title ?? kindOf(job.job_id)}` : title ?? job.job_id;
}

// `number` counts from 1 where there are several jobs.
function showJob(job, number) {
  let box = $(job.job_id);
  if (!box) {
    box = made("section", { id: job.job_id, "aria-label": nameOf(job, number) });
    box.append(made("p", { class: "name quiet" }), made("progress", { max: "1", "aria-label": "Progress" }), made("div", { class: "media" }), made("p", { class: "why bad", hidden: true }));
    $("jobs").append(box);
  }
  box.querySelector(".name").textContent = [nameOf(job, number), number || !ended(job) ? statusOf(job) : ""].filter(Boolean).join(": ");
  const why = box.querySelector(".why");
  why.textContent = (number && job.error) || "";
  why.hidden = !why.textContent;
  const bar = box.querySelector("progress");
  bar.hidden = ended(job);
  if (job.progress > 0) bar.value = job.progress;
  else bar.removeAttribute("value");
  const results = (job.results ?? [job.result]).filter(isWeb);
  const media = box.querySelector(".media");
  const key = results.join(" ");
  if (media.dataset.shown !== key) {
    media.dataset.shown = key;
    media.replaceChildren(...results.flatMap((url, result) => shown(job, url, results.length > 1 ? ` ${result + 1}` : "", number)));
  }
}

function shown(job, url, number, among) {
  const name = `${kindOf(job.job_id)}${number}`;
  const path = new URL(url).pathname;
  const kind = Object.keys(KINDS).find((each) => KINDS[each].test(path));
  const blocked = made("p", { class: "quiet", hidden: true }, "This chat does not play it here. Open shows it in the browser.");
  const fail = () => {
    blocked.hidden = false;
    player.hidden = true;
  };
  const attributes = { src: url, onerror: fail, class: kind === "img" ? "picture" : undefined };
  const player = kind === "img" ? made("img", { ...attributes, alt: job.title ?? name }) : made(kind ?? "span", { ...attributes, controls: true, playsinline: true, preload: "metadata", "aria-label": name });
  const which = among || number ? ` ${nameOf(job, among)}${number}` : "";
  const button = (label, act, first) => {
    const each = made("button", { type: "button", "aria-label": which ? label + which : undefined, class: first ? "first" : undefined, onclick: () => busy(each, act) }, label);
    return each;
  };
  const actions = [button("Copy link", () => copyLink(url)), button("Open", () => openLink(url))];
  if (host.calls) actions.unshift(button("Save", () => save(job), true));
  return [...(kind ? [player, blocked] : []), made("div", { class: "row" }, ...actions)];
}

async function busy(button, act) {
  button.disabled = true;
  $("said").className = "";
  try {
    $("said").textContent = await act();
  } catch (problem) {
    $("said").className = "bad";
    $("said").textContent = problem.message;
  }
  button.disabled = false;
}

async function save(job) {
  const saved = await host.call("download_result", { job_id: job.job_id });
  const paths = (saved.files ?? []).map((file) => file.path);
  return paths.length ? `Saved ${paths.join(", ")}` : saved.text;
}

async function copyLink(url) {
  return (await copy(url, $("link"))) ? "The link is copied." : "Copy the selected link.";
}

async function openLink(url) {
  if (await host.open(url)) return "Opened in the browser.";
  reveal(url, $("link"));
  return "This chat opens no links; open the one shown here in a browser.";
}

async function follow() {
  clearTimeout(timer);
  const open = [...jobs.values()].filter((job) => !ended(job));
  if (!open.length || !host.calls) return;
  let trouble = "";
  for (const job of open) {
    try {
      take(await host.call("check_status", { job_id: job.job_id }));
    } catch (problem) {
      trouble = problem.message;
    }
  }
  troubles = trouble ? troubles + 1 : 0;
  // A job that was deleted, or a server that has ended, is not asked about for ever.
  const given = troubles >= MOST_TROUBLES;
  if (trouble) $("said").textContent = `The state could not be read${given ? "" : "; it is tried again"}. ${trouble}`;
  else if (said) $("said").textContent = "";
  said = trouble;
  show();
  $("again").hidden = !given;
  if (given) for (const bar of document.querySelectorAll("progress")) bar.hidden = true;
  else next();
}

function next() {
  const open = [...jobs.values()].filter((job) => !ended(job));
  if (!open.length) return;
  const wished = Math.min(...open.map((job) => job.next_check_seconds ?? 5)) * 2 ** troubles;
  timer = setTimeout(follow, 1000 * Math.min(Math.max(wished, SHORTEST_PAUSE), LONGEST_PAUSE));
}

host.on["ui/notifications/tool-result"] = (result) => {
  const data = result.structuredContent;
  if (result.isError || !data?.job_id) {
    $("title").textContent = result.isError ? "Not started" : "Job";
    $("status").textContent = textOf(result);
    return;
  }
  take(data);
  show();
  if (host.calls) next();
  else if (![...jobs.values()].every(ended)) $("said").textContent = "Ask in the chat how far it is.";
};
host.on["ui/notifications/tool-cancelled"] = () => {
  $("status").textContent = "The call was cancelled. What was started before is in the list of jobs.";
};
$("again").onclick = () => {
  troubles = 0;
  $("again").hidden = true;
  follow();
};
host.on.end = () => clearTimeout(timer);
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : follow()));
host.begin("A2E job");
