// The TypeScript SDK 2, in the newest protocol.
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

const task = JSON.parse(process.env.A2E_TASK);
const options = { versionNegotiation: { mode: process.argv[2] === "older" ? "legacy" : "auto" } };
const client = new Client({ name: "typescript-sdk-2", version: "1" }, options);
await client.connect(new StdioClientTransport(task.server));
const { tools } = await client.listTools();
const started = await client.callTool({ name: task.start.tool, arguments: task.start.arguments });
const wait = { job_ids: [started.structuredContent.job_id], seconds: task.wait.seconds };
const answer = await client.callTool({ name: task.wait.tool, arguments: wait });
await client.close();
console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), shown: JSON.stringify(answer.content) }));
