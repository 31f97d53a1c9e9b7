// Rule: each built file that gets smaller lies there as it is, as gzip and as Brotli, made once and as small as they
// go; the server only chooses.

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const COMPRESSIBLE = /\.(?:js|css|html|svg|webmanifest)$/;
const WAYS = [
  { ending: ".gz", compress: promisify(gzip), options: { level: 9 } },
  {
    ending: ".br",
    compress: promisify(brotliCompress),
    options: { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } },
  },
];

export async function compressAll(folder) {
  const names = (await readdir(folder)).filter((name) => COMPRESSIBLE.test(name));
  await Promise.all(names.map((name) => compressOne(join(folder, name))));
}

async function compressOne(path) {
  const bytes = await readFile(path);
  for (const { ending, compress, options } of WAYS) {
    const smaller = await compress(bytes, options);
    if (smaller.length < bytes.length) await writeFile(path + ending, smaller);
  }
}
