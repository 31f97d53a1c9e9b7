// Rule: what an answer, or a whole chat, has used and cost, in words. What is estimated, even in part, is marked with ≈.

const ABOUT = "≈\u202f";

/** @returns what an item of an answer says; null where it says nothing */
export function usageOfItem(item) {
  const said = item["verbatim:usage"];
  if (!said) return null;
  return { ...countsOf(said), isEstimated: said.estimated === true, costs: said.cost ? [said.cost] : [] };
}

/** @returns the same of a response that has ended */
export function usageOfResponse(response) {
  if (!response.usage) return null;
  const { input_tokens_details: input, output_tokens_details: output, ...counts } = response.usage;
  const cost = response["verbatim:cost"];
  return {
    ...countsOf({ ...counts, cached_tokens: input?.cached_tokens, reasoning_tokens: output?.reasoning_tokens }),
    isEstimated: response["verbatim:usage_estimated"] === true,
    costs: cost ? [cost] : [],
  };
}

/**
 * What stands under an answer: who gave it, when, and what that took.
 * @returns {{text: string, details: string} | null} null while there is nothing to say
 */
export function factsOf(entry, now = new Date(), locale = undefined) {
  const time = entry.at === null || entry.at === undefined ? [] : [timeInWords(entry.at, now, locale)];
  const parts = [entry.model, ...time, ...(entry.usage ? sums(entry.usage, locale) : [])].filter(Boolean);
  if (parts.length === 0) return null;
  return { text: parts.join(" · "), details: entry.usage ? countsInWords(entry.usage, locale) : "" };
}

/** What a chat has used in all, from its `verbatim:usage`; null where that is nothing. */
export function spentOf(session, locale = undefined) {
  const spent = session?.["verbatim:usage"];
  if (!spent) return null;
  const { responses = 0, estimated_responses: estimated = 0, costs = [] } = spent;
  const usage = { ...countsOf(spent), isEstimated: estimated > 0, costs };
  const answers = `${number(responses, locale)} ${responses === 1 ? "answer" : "answers"}`;
  const which = estimated > 0 ? `${answers}, ${number(estimated, locale)} of them estimated` : answers;
  return { text: sums(usage, locale).join(" · "), details: `${countsInWords(usage, locale)}, in ${which}` };
}

function countsOf(said) {
  const { input_tokens: input = 0, output_tokens: output = 0, cached_tokens: cached = 0 } = said;
  return { input, output, cached, reasoning: said.reasoning_tokens ?? 0 };
}

function sums({ input, output, isEstimated, costs }, locale) {
  const mark = isEstimated ? ABOUT : "";
  const tokens = input + output === 1 ? "token" : "tokens";
  return [`${number(input + output, locale)} ${tokens}`, ...costs.map((cost) => costInWords(cost, locale))].map(
    (sum) => mark + sum,
  );
}

function countsInWords({ input, output, cached, reasoning }, locale) {
  const ofInput = cached > 0 ? ` (${number(cached, locale)} cached)` : "";
  const ofOutput = reasoning > 0 ? ` (${number(reasoning, locale)} reasoning)` : "";
  return `${number(input, locale)} tokens in${ofInput}, ${number(output, locale)} out${ofOutput}`;
}

// What costs less than a cent keeps the digits that say how much less.
function costInWords({ micros, currency }, locale) {
  const amount = micros / 1e6;
  const digits =
    amount > 0 && amount < 0.01
      ? { maximumSignificantDigits: 2 }
      : { minimumFractionDigits: 2, maximumFractionDigits: amount < 1 ? 4 : 2 };
  try {
    return new Intl.NumberFormat(locale, { style: "currency", currency, ...digits }).format(amount);
  } catch {
    return `${new Intl.NumberFormat(locale, digits).format(amount)} ${currency}`; // a currency that is none
  }
}

// The day is said where it is not the present one.
function timeInWords(seconds, now, locale) {
  const at = new Date(seconds * 1000);
  const isToday = at.toDateString() === now.toDateString();
  const form = isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(locale, form).format(at);
}

const number = (count, locale) => new Intl.NumberFormat(locale).format(count);
