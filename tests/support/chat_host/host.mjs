// A chat that shows one page of a server in a sandboxed frame, driven by the official bridge.
import { AppBridge, PostMessageTransport } from "@modelcontextprotocol/ext-apps/app-bridge";

const FROM_HERE = "'self' 'unsafe-inline'";

// The policy that the specification has hosts make of the domains that a page declares.
function policyOf({ resourceDomains = [], connectDomains = [] }) {
  const media = resourceDomains.join(" ");
  return [
    "default-src 'none'",
    `script-src ${FROM_HERE}`,
    `style-src ${FROM_HERE}`,
    `img-src 'self' data: ${media}`,
    `media-src 'self' data: blob: ${media}`,
    `connect-src ${connectDomains.join(" ") || "'none'"}`,
  ].join("; ");
}

window.events = [];

window.openApp = async ({ html, csp, input, result, theme, width, capabilities }) => {
  document.body.style.cssText = `margin:0;background:${theme === "dark" ? "#1b1b1a" : "#ffffff"}`;
  const frame = document.createElement("iframe");
  frame.title = "page";
  frame.sandbox = "allow-scripts";
  frame.allow = "clipboard-write";
  frame.style.cssText = `width:${width}px;height:600px;border:0;display:block`;
  const bridge = new AppBridge(null, { name: "test-chat", version: "1" }, capabilities, {
    hostContext: { theme, displayMode: "inline", platform: "web" },
  });
  const note = (event, answer = {}) => (window.events.push(event), answer);
  bridge.oncalltool = async (params) => note({ call: params.name, with: params.arguments }, await window.callTool(params));
  bridge.onsizechange = ({ height }) => {
    if (height) frame.style.height = `${height}px`;
  };
  bridge.onopenlink = async ({ url }) => note({ open: url });
  bridge.onmessage = async ({ content }) => note({ message: content[0].text });
  bridge.onupdatemodelcontext = async (params) => note({ context: params });
  const ready = new Promise((done) => (bridge.oninitialized = done));
  document.body.append(frame);
  await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
  frame.srcdoc = html.replace("<head>", `<head><meta http-equiv="Content-Security-Policy" content="${policyOf(csp)}">`);
  await ready;
  await bridge.sendToolInput({ arguments: input });
  await bridge.sendToolResult(result);
};
