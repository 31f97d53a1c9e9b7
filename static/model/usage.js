// Rule: what an answer, or a whole chat, has used and cost, in words. What is estimated, even in part, is marked with ≈.

import { locale, t } from "../text.js";

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

/** What an answer took: `text` at a glance, `details` for who wants them. */
export const usageInWords = (usage) => ({ text: sums(usage).join(" · "), details: countsInWords(usage) });

/** What a chat has used in all, from its `verbatim:usage`; null where that is nothing. */
export function spentOf(session) {
  const spent = session?.["verbatim:usage"];
  if (!spent) return null;
  const { responses = 0, estimated_responses: estimated = 0, costs = [] } = spent;
  const usage = { ...countsOf(spent), isEstimated: estimated > 0, costs };
  const all = t("usage.answers", { count: responses });
  const answers = estimated > 0 ? t("usage.estimatedAnswers", { answers: all, estimated }) : all;
  return { ...usageInWords(usage), details: t("usage.inAnswers", { counts: countsInWords(usage), answers }) };
}

function countsOf(said) {
  const { input_tokens: input = 0, output_tokens: output = 0, cached_tokens: cached = 0 } = said;
  return { input, output, cached, reasoning: said.reasoning_tokens ?? 0 };
}

function sums({ input, output, isEstimated, costs }) {
  const mark = isEstimated ? ABOUT : "";
  return [t("usage.tokens", { count: input + output }), ...costs.map(costInWords)].map((sum) => mark + sum);
}

function countsInWords({ input, output, cached, reasoning }) {
  const taken = t("usage.in", { count: input });
  const given = t("usage.out", { count: output });
  return t("usage.counts", {
    input: cached > 0 ? t("usage.cached", { sum: taken, cached }) : taken,
    output: reasoning > 0 ? t("usage.reasoned", { sum: given, reasoning }) : given,
  });
}

// What costs less than a cent keeps the digits that say how much less.
function costInWords({ micros, currency }) {
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
