// Mastra.
import { createOpenAI } from "@ai-sdk/openai";
import { Agent } from "@mastra/core/agent";
import { MCPClient } from "@mastra/mcp";

const task = JSON.parse(process.env.A2E_TASK);
const model = createOpenAI({ baseURL: task.model.openai, apiKey: "none" })("gpt-4o");
const client = new MCPClient({ servers: { a2e: task.server }, timeout: 60_000 });
const tools = await client.listTools();
const agent = new Agent({ id: "maker", name: "maker", instructions: "You make videos.", model, tools });
const { text } = await agent.generate(task.prompt, { maxSteps: 8 });
console.log(text);
await client.disconnect();
