"use strict";
const [zone, input, progress, outcome, again] = ["zone", "file", "progress", "outcome", "again"].map((id) =>
  document.getElementById(id),
);
const BUSY = 409;
const GONE = 410;
const BROKEN = "The connection broke. Send it again.";
const largest = Number(zone.dataset.largest);
let chosen = null;
let sending = false;

async function send(file) {
  if (sending || !file) return;
  chosen = file;
  begin();
  if (file.size > largest * 2 ** 20) {
    end(`${file.name} is larger than ${largest} MB. Choose a smaller one.`);
    return;
  }
  // A file of minutes should not be sent to an address that takes it no more.
  const open = await fetch(location.href).catch(() => null);
  if (open === null) end(BROKEN, true);
  else if (open.status === GONE) leave();
  else if (!open.ok) end(sentence(open.headers.get("content-type"), await open.text()), true);
  else put(file);
}

function put(file) {
  const request = new XMLHttpRequest();
  request.open("PUT", location.href);
  request.upload.onprogress = (moved) => {
    if (moved.lengthComputable) progress.value = moved.loaded / moved.total;
  };
  request.upload.onload = () => say(`${file.name} is being stored …`);
  request.onload = () => {
    if (request.status === 201) finish(request.responseText.trim());
    else if (request.status === GONE) leave();
    else {
      const isPassing = request.status >= 500 || request.status === BUSY;
      end(sentence(request.getResponseHeader("content-type"), request.responseText), isPassing);
    }
  };
  request.onerror = () => end(BROKEN, true);
  request.setRequestHeader("X-File-Name", encodeURIComponent(file.name.toWellFormed?.() ?? file.name));
  request.send(file);
}

function begin() {
  sending = true;
  input.disabled = true;
  again.hidden = true;
  zone.classList.add("busy");
  progress.hidden = false;
  progress.value = 0;
  say(`Sending ${chosen.name} …`);
}

function end(text, repeatable = false) {
  sending = false;
  input.disabled = false;
  input.value = "";
  zone.classList.remove("busy");
  progress.hidden = true;
  again.hidden = !repeatable;
  say(text);
}

function finish(text) {
  end(text);
  zone.hidden = true;
}

function leave() {
  // The address itself says in a page why it takes nothing.
  sending = false;
  location.reload();
}

function sentence(type, text) {
  // A proxy between here and the server answers with pages of its own.
  return type?.startsWith("text/plain") && text.trim() ? text.trim() : "The server is not there just now. Send it again.";
}

function say(text) {
  outcome.textContent = text;
}

input.addEventListener("change", () => send(input.files[0]));
again.addEventListener("click", () => send(chosen));
for (const name of ["dragenter", "dragover"]) {
  zone.addEventListener(name, (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
zone.addEventListener("drop", (event) => {
  event.preventDefault();
  if (sending) return;
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.());
  const files = event.dataTransfer.files;
  if (files.length > 1) say("One file only.");
  else if (files.length === 0) say("That is not a file. Save it first, then drop the file.");
  else if (entries[0]?.isDirectory) say("That is a folder. Drop one file.");
  else send(files[0]);
});
// A file that misses the zone must not be opened in its place.
for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
window.addEventListener("beforeunload", (event) => {
  if (sending) event.preventDefault();
});
