// Rule: an image is made as small as a model looks at it before it is sent, so that it goes over the socket like a
// text. What is small already, and of a kind that the server takes, goes as it is.

const TAKEN = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const SMALL_BYTES = 256 * 1024;
const ATTEMPTS = [
  { longest: 1568, quality: 0.85 },
  { longest: 1568, quality: 0.6 },
  { longest: 1024, quality: 0.6 },
];

/** What a file dialog offers. */
export const accepted = TAKEN.join(",");

/**
 * @param {Blob} file
 * @returns {Promise<string>} a data URL; it fails where the browser cannot read the image
 */
export async function smallImage(file) {
  if (!file.type.startsWith("image/")) throw new TypeError(`${file.type} is no image`);
  if (TAKEN.includes(file.type) && file.size <= SMALL_BYTES) return dataUrl(file);
  const bitmap = await createImageBitmap(file);
  let blob = null;
  for (const attempt of ATTEMPTS) {
    blob = await drawn(bitmap, attempt);
    if (blob.size <= SMALL_BYTES) break;
  }
  bitmap.close();
  return dataUrl(blob);
}

// JPEG knows no transparency: what shines through is white.
async function drawn(bitmap, { longest, quality }) {
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
}

/** @returns {Promise<string>} */
export function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(blob);
  });
}
