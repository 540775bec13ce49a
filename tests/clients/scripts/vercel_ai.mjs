// The Vercel AI SDK.
import { createMCPClient } from "@ai-sdk/mcp";
import { Experimental_StdioMCPTransport } from "@ai-sdk/mcp/mcp-stdio";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, stepCountIs } from "ai";

const task = JSON.parse(process.env.A2E_TASK);
const model = createOpenAI({ baseURL: task.model.openai, apiKey: "none" })("gpt-4o");
const client = await createMCPClient({ transport: new Experimental_StdioMCPTransport(task.server) });
const { text } = await generateText({ model, tools: await client.tools(), stopWhen: stepCountIs(8), prompt: task.prompt });
console.log(text);
await client.close();
