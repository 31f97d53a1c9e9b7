// Rule: which images an answer may show: those that stand in it, and those that this server keeps. All others would
// be a request to another host, and become links.

const INLINE = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/i;
const KEPT = /^\/v1\/conversations\/[A-Za-z0-9_-]{1,128}\/images\/[A-Za-z0-9_-]{1,128}(?:\.[A-Za-z0-9]{1,8})?$/;

export const isInlineImage = (address) => INLINE.test(address);
export const isKeptImage = (address) => KEPT.test(address);
