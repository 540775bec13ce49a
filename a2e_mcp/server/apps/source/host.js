// The host of this page, by the MCP Apps protocol: JSON-RPC over postMessage with the window around it.
"use strict";
const SETTINGS = JSON.parse(document.getElementById("settings").textContent);

const host = {
  capabilities: {},
  number: 0,
  waiting: new Map(),
  on: {},

  post(message) {
    parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  },
  notify(method, params = {}) {
    this.post({ method, params });
  },
  ask(method, params = {}) {
    return new Promise((resolve, reject) => {
      this.number += 1;
      this.waiting.set(this.number, { resolve, reject });
      this.post({ id: this.number, method, params });
    });
  },

  hear({ id, method, params, result, error }) {
    if (method === undefined) {
      const waiting = this.waiting.get(id);
      this.waiting.delete(id);
      if (waiting) error ? waiting.reject(new Error(error.message)) : waiting.resolve(result);
    } else if (id === undefined) {
      this.on[method]?.(params ?? {});
    } else if (method === "ping" || method === "ui/resource-teardown") {
      this.post({ id, result: {} });
      if (method !== "ping") this.on.end?.();
    } else {
      this.post({ id, error: { code: -32601, message: "Method not found" } });
    }
  },

  // Calls a tool of the server; its structured answer. Throws with the tool's own sentence when it fails.
  async call(name, args = {}) {
    const answer = await this.ask("tools/call", { name: SETTINGS.prefix + name, arguments: args });
    if (answer.isError) throw new Error(textOf(answer) || "The call failed.");
    return { ...answer.structuredContent, text: textOf(answer) };
  },
  get calls() {
    return this.capabilities.serverTools !== undefined;
  },

  // Opens an address outside of the chat, or shows it to be copied.
  async open(url) {
    if (this.capabilities.openLinks !== undefined) {
      const answer = await this.ask("ui/open-link", { url });
      if (!answer?.isError) return true;
    }
    return false;
  },

  // Says something in the chat for the user; false where the host takes no messages.
  async say(text) {
    const content = [{ type: "text", text }];
    if (this.capabilities.message === undefined) return false;
    const answer = await this.ask("ui/message", { role: "user", content });
    return !answer?.isError;
  },

  dress({ theme, styles }) {
    if (theme) document.documentElement.dataset.theme = theme;
    for (const [name, value] of Object.entries(styles?.variables ?? {})) {
      if (value) document.documentElement.style.setProperty(name, value);
    }
  },

  async begin(title) {
    addEventListener("message", (event) => {
      if (event.source === parent && event.data?.jsonrpc === "2.0") this.hear(event.data);
    });
    this.on["ui/notifications/host-context-changed"] = (context) => this.dress(context);
    const answer = await this.ask("ui/initialize", {
      appInfo: { name: "a2e-mcp", title, version: "1" },
      appCapabilities: { availableDisplayModes: ["inline"] },
      protocolVersion: "2026-01-26",
    });
    this.capabilities = answer.hostCapabilities ?? {};
    this.dress(answer.hostContext ?? {});
    this.notify("ui/notifications/initialized");
    new ResizeObserver(() => {
      const { width, height } = document.body.getBoundingClientRect();
      this.notify("ui/notifications/size-changed", { width: Math.ceil(width), height: Math.ceil(height) });
    }).observe(document.body);
  },
};

const $ = (id) => document.getElementById(id);

function textOf(result) {
  return (result.content ?? []).filter((part) => part.type === "text").map((part) => part.text).join("\n");
}

// An element with text and attributes; what comes from outside is text only.
function made(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick" || name === "onchange" || name === "onerror") element[name] = value;
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...inside.filter((each) => each !== undefined && each !== ""));
  return element;
}

function isWeb(url) {
  return /^https?:\/\//i.test(url ?? "");
}

function counted(count, noun) {
  return `${Number(count.toFixed(2))} ${noun}${count === 1 ? "" : "s"}`;
}

const credits = (count) => counted(count, "credit");

// A kind of job as words: avatar_video is Avatar video.
function kindOf(jobId) {
  const words = String(jobId ?? "").split(":")[0].replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

// Copies a text; where the host forbids it, the text is shown, selected, in the field.
async function copy(text, field) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    reveal(text, field);
    return document.execCommand("copy");
  }
}

// Shows a text in a field, selected.
function reveal(text, field) {
  field.hidden = false;
  field.value = text;
  field.focus();
  field.select();
}
