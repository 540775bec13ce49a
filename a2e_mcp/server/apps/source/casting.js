// The casting page: avatar, voice, background and shape are chosen, and the choice is said in the chat.
const SAMPLES = {
  en: "Hello, this is how I sound.", es: "Hola, así suena mi voz.", fr: "Bonjour, voici ma voix.", de: "Hallo, so klinge ich.",
  it: "Ciao, questa è la mia voce.", pt: "Olá, esta é a minha voz.", nl: "Hallo, zo klink ik.", pl: "Cześć, tak brzmi mój głos.",
  ru: "Здравствуйте, вот так я звучу.", uk: "Вітаю, ось так я звучу.", tr: "Merhaba, sesim böyle.", ar: "مرحبا، هذا هو صوتي.",
  hi: "नमस्ते, मेरी आवाज़ ऐसी है।", ja: "こんにちは、これが私の声です。", ko: "안녕하세요, 제 목소리입니다.", zh: "你好，这就是我的声音。",
};
const SHAPES = { landscape: "Landscape, 16:9", portrait: "Portrait, 9:16", square: "Square" };
const COLOURS = { "": "The avatar's own", "#ffffff": "White", "#101820": "Dark", "#00b140": "Green screen" };
const LONGEST_SAMPLE = 120;
const MOST_PAGES = 20;
const known = { avatar: new Map(), voice: new Map(), background: new Map() };
let page = 1;
let voicePage = 1;
let priced = "";

const chosen = (name) => new FormData($("form")).get(name) ?? "";

function choice(group, value, text, picture, checked) {
  const input = made("input", { type: "radio", name: group, value, checked });
  return made("label", { class: "choice" }, input, picture, made("span", { class: "name" }, text));
}

function picture(url) {
  const image = made("img", { src: url, alt: "", loading: "lazy", onerror: () => image.remove() });
  return image;
}

function showAvatars(data) {
  $("sandbox").hidden = !data.sandbox;
  for (const avatar of data.avatars ?? []) {
    if (known.avatar.has(avatar.id)) continue;
    const text = avatar.own ? `${avatar.name} (yours)` : avatar.name;
    $("avatars").append(choice("avatar", avatar.id, text, isWeb(avatar.preview) ? picture(avatar.preview) : undefined, !known.avatar.size));
    known.avatar.set(avatar.id, avatar);
  }
  if (!known.avatar.size) $("avatars").textContent = "No avatar matches.";
  $("more").hidden = !host.calls || page >= (data.pages ?? 1);
}

// Further voices of a language stand below those that are shown.
function showVoices(data, further) {
  if (!further) {
    known.voice.clear();
    $("voices").replaceChildren();
  }
  $("voices").append(...(data.voices ?? []).filter((voice) => !known.voice.has(voice.id)).map((voice) => {
    const first = !known.voice.size;
    known.voice.set(voice.id, voice);
    const words = [voice.gender, voice.own && "yours"].filter(Boolean).join(", ");
    const text = `${voice.name}${words ? ` (${words})` : ""}`;
    const hear = made("button", { type: "button", "aria-label": `Hear ${voice.name}`, onclick: () => listen(voice, hear) }, "Hear");
    return made("div", { class: "voice" }, made("label", {}, made("input", { type: "radio", name: "voice", value: voice.id, checked: first }), ` ${text}`), hear);
  }));
  $("more-voices").hidden = voicePage >= (data.pages ?? 1);
  if (!known.voice.size) $("voices").textContent = "No voice speaks this language.";
}

function showBackgrounds(data) {
  const swatch = (colour) => {
    const element = made("span", { class: "swatch", "aria-hidden": "true" });
    if (colour) element.style.background = colour;
    return element;
  };
  $("backgrounds").replaceChildren(...Object.entries(COLOURS).map(([colour, text]) => choice("background", colour, text, swatch(colour), colour === "")));
  for (const row of data.backgrounds ?? []) {
    known.background.set(row.id, row);
    $("backgrounds").append(choice("background", row.id, row.name, isWeb(row.url) ? picture(row.url) : undefined));
  }
}

// The first sentence of the script, or a sentence in the language.
function sample() {
  const script = $("script").value.trim();
  if (script) return (script.match(/^[^.!?。！？।]{0,119}[.!?。！？।]?/u)?.[0] ?? script).slice(0, LONGEST_SAMPLE).trim();
  return SAMPLES[$("language").value.split("-")[0]] ?? "";
}

// One's own voices speak any language, which then stands behind their name.
function spokenBy(voice, name) {
  const language = $("language").value;
  return voice.own && language ? `${name} (${language})` : name;
}

async function listen(voice, button) {
  const script = sample();
  if (!isWeb(voice.preview) && !script) {
    $("heard").textContent = "Write the script first: its first sentence is spoken.";
    $("script").focus();
    return;
  }
  button.disabled = true;
  try {
    if (isWeb(voice.preview)) play(voice.preview, `${voice.name}: a recording, free.`);
    else await speak(voice, script, button);
  } catch (problem) {
    $("heard").textContent = problem.message;
  }
  button.disabled = false;
}

// Speaking costs credits: the price is shown first, and a second press agrees to it.
async function speak(voice, script, button) {
  const spoken = { script, voice: spokenBy(voice, voice.id) };
  const key = `${voice.id} ${script}`;
  let most;
  if ($("sandbox").hidden) {
    if (priced !== key) {
      const quote = await host.call("quote_job", { tool: "generate_speech", arguments: spoken });
      priced = key;
      button.dataset.most = quote.credits ?? "";
      button.textContent = quote.credits === undefined ? "Hear: price unknown" : `Hear: ${credits(quote.credits)}`;
      $("heard").textContent = `Hearing ${voice.name} costs ${quote.credits === undefined ? "an unknown number of credits" : credits(quote.credits)}. Press again to agree.`;
      return;
    }
    most = button.dataset.most === "" ? undefined : Number(button.dataset.most);
  }
  $("heard").textContent = `${voice.name} is speaking…`;
  const speech = await host.call("generate_speech", most === undefined ? spoken : { ...spoken, max_credits: most });
  const url = (speech.results ?? [])[0];
  if (!isWeb(url)) $("heard").textContent = speech.text;
  else play(url, `${voice.name}: ${speech.charged ?? speech.notice ?? ""}`);
}

function play(url, words) {
  const audio = $("audio");
  audio.hidden = false;
  audio.onerror = async () => {
    audio.hidden = true;
    $("heard").textContent = (await host.open(url)) ? `${words} Opened in the browser.` : `${words} This chat does not play it here.`;
  };
  audio.src = url;
  $("heard").textContent = words;
  audio.play().catch(() => {});
}

async function voicesOf(language, number = 1) {
  if (language) $("language").value = language;
  const wanted = { ...(language ? { language } : {}), ...(number > 1 ? { page: number } : {}) };
  const data = await host.call("list_voices", wanted);
  voicePage = number;
  showVoices(data, number > 1);
  $("voice-part").hidden = false;
}

async function detect() {
  const text = $("script").value.trim();
  if (text.length < 12 || $("language-part").hidden) return;
  const { language } = await host.call("detect_language", { text: text.slice(0, 500) });
  const codes = [...$("language").options].map((option) => option.value);
  const now = $("language").value.split("-")[0];
  const found = codes.find((code) => code === language) ?? codes.find((code) => code.split("-")[0] === language);
  if (found && found.split("-")[0] !== now) await voicesOf(found);
}

// Every page of a list.
async function allOf(tool, rows) {
  const all = [];
  for (let number = 1, last = 1; number <= Math.min(last, MOST_PAGES); number += 1) {
    const data = await host.call(tool, number > 1 ? { page: number } : {});
    all.push(...(data[rows] ?? []));
    last = data.pages ?? 1;
  }
  return all;
}

async function languages() {
  const all = await allOf("list_languages", "languages");
  $("language").append(...all.map(({ code, name }) => made("option", { value: code }, name)));
  $("language-part").hidden = false;
}

// What the server does not offer, or cannot say now, is left out, and the rest is chosen without it.
async function prepare() {
  $("shapes").append(...Object.entries(SHAPES).map(([shape, text], number) => made("label", {}, made("input", { type: "radio", name: "shape", value: shape, checked: number === 0 }), ` ${text}`)));
  showBackgrounds({});
  $("rest").hidden = false;
  if (!host.calls) return;
  const spoken = languages().finally(() => voicesOf($("language").value));
  const parts = await Promise.allSettled([spoken, host.call("list_backgrounds").then(showBackgrounds)]);
  const missing = parts.find((part) => part.status === "rejected");
  if (missing) throw missing.reason;
}

// One line of what came from outside; the chat's model reads it.
const quoted = (text) => `"${String(text).replace(/\s+/g, " ").slice(0, 60)}"`;

function words() {
  const avatar = known.avatar.get(chosen("avatar"));
  const voice = known.voice.get(chosen("voice"));
  const background = known.background.get(chosen("background"));
  const parts = [
    avatar && `avatar ${quoted(avatar.name)} (${avatar.id})`,
    voice && `voice ${quoted(spokenBy(voice, voice.name))} (${voice.id}${voice.language ? `, ${voice.language}` : ""})`,
    background ? `background ${quoted(background.name)} (${background.id})` : chosen("background") && `background ${chosen("background")}`,
    chosen("shape") && `shape ${chosen("shape")}`,
  ].filter(Boolean);
  const script = $("script").value.trim();
  return `For the avatar video I choose: ${parts.join(", ")}.${script ? ` The script: ${script}` : ""}`;
}

async function said(act) {
  try {
    await act();
  } catch (problem) {
    $("status").textContent = problem.message;
  }
}

// No form is ever sent: hosts do not allow it.
$("form").onsubmit = (event) => event.preventDefault();
$("use").onclick = () =>
  said(async () => {
    if (await host.say(words())) {
      $("status").textContent = "Your choice is in the chat.";
      return;
    }
    reveal(words(), $("choice"));
    $("status").textContent = "This chat takes no messages from a page: copy the text shown here into it.";
  });
$("more").onclick = () => said(async () => {
  page += 1;
  showAvatars(await host.call("list_avatars", { ...asked, page }));
});
$("more-voices").onclick = () => said(() => voicesOf($("language").value, voicePage + 1));
$("language").onchange = () => said(() => voicesOf($("language").value));
$("script").onchange = () => said(detect);

let asked = {};
host.on["ui/notifications/tool-input"] = ({ arguments: input }) => {
  asked = input ?? {};
  page = Number(asked.page ?? 1);
};
host.on["ui/notifications/tool-result"] = (result) => {
  if (result.isError || !result.structuredContent) {
    $("status").textContent = textOf(result);
    $("form").hidden = true;
    return;
  }
  showAvatars(result.structuredContent);
  said(prepare);
};
host.begin("A2E casting");
