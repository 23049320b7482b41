// Validates custom resources by the schemas of @kubernetes-models: [[package, kind, apiVersion, object], ...] on stdin, a list
// of sentences for each on stdout. Those schemas let unknown keys pass; here they do not: a key that the validator never looks
// at is in no schema.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { readdirSync, readFileSync } from "node:fs";

const folder = process.argv[2];
const asked = JSON.parse(readFileSync(0, "utf8"));

async function modelOf(name, apiVersion, kind) {
  const [group, version] = apiVersion.split("/");
  const file = join(folder, name, group, version, `${kind}.js`);
  return (await import(pathToFileURL(file).href))[kind];
}

// Every object remembers which of its keys were looked at; a look at all of them at once means that any key may be there.
function watched(value, path, seen) {
  if (value === null || typeof value !== "object") return value;
  const inner = new Map();
  const looked = { path, keys: Object.keys(value), seen: new Set(), free: true };
  seen.push(looked);
  return new Proxy(value, {
    get(target, key) {
      if (typeof key === "string") {
        looked.seen.add(key);
        looked.free = false;
      }
      const found = target[key];
      if (found === null || typeof found !== "object") return found;
      if (!inner.has(key)) inner.set(key, watched(found, `${path}/${String(key)}`, seen));
      return inner.get(key);
    },
    ownKeys(target) {
      looked.keys.forEach((key) => looked.seen.add(key));
      return Reflect.ownKeys(target);
    },
  });
}

const answers = [];
for (const [name, apiVersion, kind, object] of asked) {
  const complaints = [];
  try {
    const Model = await modelOf(name, apiVersion, kind);
    const seen = [];
    const instance = new Model(object);
    for (const key of Object.keys(object)) instance[key] = watched(object[key], `/${key}`, seen);
    try {
      instance.validate();
    } catch (error) {
      complaints.push(String(error.message));
    }
    for (const { path, keys, seen: known, free } of seen)
      if (!free) for (const key of keys) if (!known.has(key) && !path.startsWith("/metadata")) complaints.push(`${path}/${key} is in no schema`);
  } catch (error) {
    complaints.push(`no schema: ${error.message}`);
  }
  answers.push(complaints);
}
process.stdout.write(JSON.stringify(answers));
