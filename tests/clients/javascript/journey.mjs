// The official JavaScript client, unchanged: list, submit, subscribe, download. Speaks JSON lines with the test that started it.
import { Client, FileUpload, LargeFileUploadTask } from "@microsoft/microsoft-graph-client";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const { server, appToken, userToken, printer, notificationUrl, document } = JSON.parse(process.argv[2]);

const client = (token) =>
  Client.init({ baseUrl: server + "/", defaultVersion: "v1.0", customHosts: new Set([new URL(server).hostname]), authProvider: (done) => done(null, token) });
const app = client(appToken);
const user = client(userToken);
const tell = (what) => process.stdout.write(JSON.stringify(what) + "\n");
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const printers = await app.api("/print/printers").select("id,displayName").top(5).get();
tell({ step: "list", names: printers.value.map((each) => each.displayName) });

const subscription = await app.api("/subscriptions").post({
  changeType: "updated",
  notificationUrl,
  resource: `print/printers/${printer}/jobs`,
  notificationQueryOptions: "$filter = isFetchable eq true",
  expirationDateTime: new Date(Date.now() + 3600_000).toISOString(),
  clientState: "from JavaScript",
});
tell({ step: "subscribe", id: subscription.id, latestSupportedTlsVersion: subscription.latestSupportedTlsVersion });

const bytes = readFileSync(document);
const jobs = `/print/printers/${printer}/jobs`;
const job = await user.api(jobs).post({ configuration: { copies: 1, colorMode: "color" } });
const here = `${jobs}/${job.id}`;
const session = await user.api(`${here}/documents/${job.documents[0].id}/createUploadSession`).post({
  properties: { documentName: "from-node.pdf", contentType: "application/pdf", size: bytes.length },
});
const upload = new LargeFileUploadTask(
  user,
  new FileUpload(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), "from-node.pdf", bytes.length),
  { url: session.uploadUrl, expiry: new Date(session.expirationDateTime), isCancelled: false },
  { rangeSize: 327680 },
);
await upload.upload();
const status = await user.api(`${here}/start`).post(null);
tell({ step: "submit", job: job.id, state: status.state });

let seen = job;
for (let tries = 0; tries < 300 && !["completed", "aborted", "canceled"].includes(seen.status.state); tries++) {
  await pause(100);
  seen = await app.api(here).expand("documents").get();
}
tell({ step: "end", state: seen.status.state, isFetchable: seen.isFetchable, size: seen.documents[0].size });

const stream = await app.api(`${here}/documents/${job.documents[0].id}/$value`).getStream();
const hash = createHash("sha256");
for await (const chunk of stream) hash.update(chunk);
tell({ step: "download", sha256: hash.digest("hex") });

try {
  await user.api("/print/taskDefinitions").get();
} catch (error) {
  tell({ step: "refused", status: error.statusCode, code: error.code, named: error.message.includes("PrintTaskDefinition") });
}
await app.api(`/subscriptions/${subscription.id}`).delete();
