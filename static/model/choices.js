// Rule: what is chosen for answers, and from what. What is chosen for a chat goes before what is chosen for all, and a
// model that is not on offer any more gives way to the next choice: as on the server.

/** What can be chosen, by its name on the wire, with what the server takes. */
export const LIMITS = { instructions: 4000, temperature: 2, max_output_tokens: 2 ** 53 - 1 };

const BUILT_IN = "verbatim";

/**
 * @param {{models: object[] | null}} offered null until the server has said them: then the first choice stands
 * @param {(string | null | undefined)[]} choices the first goes first
 * @returns {string | null} null leaves it to the server
 */
export function modelFor({ models }, choices) {
  const chosen = choices.filter(Boolean);
  if (models === null) return chosen[0] ?? null;
  if (models.length < 2) return null;
  return chosen.find((name) => models.some((model) => model.id === name)) ?? models[0].id;
}

/**
 * The models of each server, in the order in which they are offered; servers that do not answer come last.
 * @returns {{server: string | null, models: object[], isSilent: boolean}[]} null is what is built in
 */
export function groupsOf({ models, silent }) {
  const groups = new Map();
  for (const model of models ?? []) {
    const server = (model.owned_by ?? BUILT_IN) === BUILT_IN ? null : model.owned_by;
    if (!groups.has(server)) groups.set(server, { server, models: [], isSilent: silent.includes(server) });
    groups.get(server).models.push(model);
  }
  const unheard = silent.filter((server) => !groups.has(server));
  return [...groups.values(), ...unheard.map((server) => ({ server, models: [], isSilent: true }))];
}

/** @returns {boolean} whether it is certain that nobody answers but what is built in */
export const isBuiltInOnly = ({ models, silent }) =>
  models !== null && silent.length === 0 && models.every((model) => model.owned_by === BUILT_IN);

/** The groups with what all of the words are found in: a model's name, or its server's. */
export function matching(groups, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return groups;
  return groups
    .map((group) => ({ ...group, models: group.models.filter((model) => isNamed(model, group, words)) }))
    .filter((group) => group.models.length > 0);
}

function isNamed({ id }, { server }, words) {
  const name = `${id} ${server ?? ""}`.toLowerCase();
  return words.every((word) => name.includes(word));
}

/** Whether a model takes a parameter. One that does not say takes all. */
export const takes = (model, name) => model?.["verbatim:parameters"]?.includes(name) ?? true;

/**
 * What a field says, as the server wants it: null leaves it open.
 * @returns {{value: string | number | null} | null} null: it is not among what can be chosen
 */
export function choiceOf(name, text) {
  const said = text.trim();
  if (said === "") return { value: null };
  if (name === "instructions") return said.length <= LIMITS.instructions ? { value: said } : null;
  if (name === "model") return { value: said };
  const number = Number(said.replace(",", "."));
  const least = name === "temperature" ? 0 : 1;
  const isFit = number >= least && number <= LIMITS[name] && (name === "temperature" || Number.isInteger(number));
  return isFit ? { value: number } : null;
}

/** Settings after a change; what is left open is not there. */
export function changed(settings, change) {
  const after = { ...settings, ...change };
  return Object.fromEntries(Object.entries(after).filter(([, value]) => value !== null && value !== undefined));
}
