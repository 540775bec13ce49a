"use strict";
const zone = document.getElementById("zone");
const input = document.getElementById("file");
const progress = document.getElementById("progress");
const outcome = document.getElementById("outcome");
let sending = false;

function send(file) {
  if (sending || !file) return;
  sending = true;
  input.disabled = true;
  progress.hidden = false;
  outcome.textContent = `Sending ${file.name} …`;
  const request = new XMLHttpRequest();
  request.open("PUT", location.href);
  request.upload.onprogress = (moved) => {
    if (moved.lengthComputable) progress.value = moved.loaded / moved.total;
  };
  request.onload = () => end(request.status === 201, request.responseText.trim());
  request.onerror = () => end(false, "The connection broke. Send it again.");
  request.send(file);
}

function end(done, text) {
  outcome.textContent = text;
  progress.hidden = true;
  progress.value = 0;
  if (done) {
    zone.classList.add("sent");
    return;
  }
  sending = false;
  input.disabled = false;
  input.value = "";
}

input.addEventListener("change", () => send(input.files[0]));
for (const name of ["dragenter", "dragover"]) {
  zone.addEventListener(name, (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
zone.addEventListener("drop", (event) => {
  event.preventDefault();
  const files = event.dataTransfer.files;
  if (files.length > 1) outcome.textContent = "One file only.";
  else send(files[0]);
});
// A file that misses the zone must not be opened in its place.
for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
