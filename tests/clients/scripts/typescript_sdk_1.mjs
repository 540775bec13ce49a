// The TypeScript SDK 1, on which most hosts in JavaScript build.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const task = JSON.parse(process.env.A2E_TASK);
const client = new Client({ name: "typescript-sdk-1", version: "1" });
await client.connect(new StdioClientTransport(task.server));
const { tools } = await client.listTools();
const started = await client.callTool({ name: task.start.tool, arguments: task.start.arguments });
const wait = { job_ids: [started.structuredContent.job_id], seconds: task.wait.seconds };
const answer = await client.callTool({ name: task.wait.tool, arguments: wait });
await client.close();
console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), shown: JSON.stringify(answer.content) }));
